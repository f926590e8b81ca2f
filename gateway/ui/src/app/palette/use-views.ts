import { useMemo } from "react";

import type { Entry } from "@/app/palette/find";
import { titleOf, toOpen, useViews } from "@/lib/views";

/** The views that are kept in this browser. */
export function useViewEntries(): Entry[] {
  const views = useViews((all) => all.views);
  return useMemo(
    () =>
      views.map((view): Entry => ({
        id: `view:${view.path}:${view.name}`,
        group: "Views",
        title: view.name,
        hint: `${titleOf(view.path)}${view.isDefault ? ", opens with it" : ""}`,
        words: ["view", titleOf(view.path).toLowerCase()],
        to: view.path,
        search: toOpen(view),
      })),
    [views],
  );
}
