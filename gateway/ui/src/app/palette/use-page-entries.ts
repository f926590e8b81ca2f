import { useState } from "react";

import { keysOf } from "@/app/keyboard/registry";
import type { Entry } from "@/app/palette/find";
import { pageActions } from "@/lib/page-actions";

/** What the page that lies below offers, as it was when the palette was opened. */
export function usePageEntries(): Entry[] {
  const [entries] = useState(() =>
    pageActions().map(({ name, title, words = [], run }): Entry => ({
      id: `page:${name}:${title}`,
      group: "On this page",
      title,
      words: [...words],
      keys: keysOf(name),
      run,
    })),
  );
  return entries;
}
