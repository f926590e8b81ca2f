import { useCallback } from "react";

import { tell } from "@/app/shell/toasts";
import { copyText } from "@/lib/copied";
import { lastingLink } from "@/lib/link";
import { useAsOf, useRange } from "@/lib/moment";

/** Copies a link to what is shown, with fixed times, and says so. */
export function useCopyLink(): () => void {
  const range = useRange();
  const { as_of } = useAsOf();
  return useCallback(
    () =>
      void copyText(lastingLink(location.href, range, as_of)).then(
        () => tell("Link copied, with fixed times"),
        () => tell("The link was not copied: the browser refused"),
      ),
    [range, as_of],
  );
}
