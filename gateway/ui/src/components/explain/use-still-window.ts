import { useState } from "react";

import type { Window } from "@/components/explain/differences";
import { resolveRange, useNow, useRange } from "@/lib/moment";

/** The page's time range; one that ends now stands still while it is read about. */
export function useStillWindow(): Window {
  const range = useRange();
  const now = useNow(60_000);
  const [window] = useState(() => resolveRange(range, now));
  return window;
}
