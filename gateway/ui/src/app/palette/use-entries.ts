import { useMemo } from "react";

import { numberOf, queryOf, questionOf, questionsOffered } from "@/app/palette/asked-for";
import type { Entry } from "@/app/palette/find";
import { resourcesOf } from "@/app/palette/resources";
import { useActions } from "@/app/palette/use-actions";
import { useById } from "@/app/palette/use-by-id";
import { useGpuNodes } from "@/app/palette/use-gpu-nodes";
import { usePageEntries } from "@/app/palette/use-page-entries";
import { useViewEntries } from "@/app/palette/use-views";
import { useFiringNames } from "@/app/firing";
import { useClusters } from "@/components/use-clusters";
import { count, title } from "@/lib/format";
import { pagesFor, type PageEntry } from "@/lib/pages";
import { useRights } from "@/lib/rights";

const placeOf = ({ to, title, key }: PageEntry): Entry => ({
  id: `page:${to}`,
  group: "Pages",
  title,
  keys: `g ${key}`,
  to,
});

/** Everything that the palette can go to or do, whatever was typed. */
function useKnown(clusters: ReturnType<typeof useClusters>): Entry[] {
  const onPage = usePageEntries();
  const views = useViewEntries();
  const names = useFiringNames();
  const actions = useActions();
  const rights = useRights();
  return useMemo(
    () => [
      ...onPage,
      ...pagesFor(rights).map(placeOf),
      ...views,
      ...[...clusters.values()].map(
        ({ id, name, display_name, state }): Entry => ({
          id: `cluster:${id}`,
          group: "Clusters",
          title: name,
          hint: title(state),
          ...(display_name ? { words: [display_name.toLowerCase()] } : {}),
          to: `/clusters/${id}`,
        }),
      ),
      ...names.map(
        ({ value, count: firing }): Entry => ({
          id: `alert:${value}`,
          group: "Firing alerts",
          title: value,
          hint: `${count(firing)} firing`,
          to: "/alerts",
          search: { alertname: [value], state: ["FIRING"] },
        }),
      ),
      ...actions,
    ],
    [onPage, clusters, views, names, actions, rights],
  );
}

/** The same, and what was made of what was typed; of GPU nodes those that are called like it. */
export function useEntries(typed: string): Entry[] {
  const clusters = useClusters();
  const known = useKnown(clusters);
  const nodes = useGpuNodes(typed);
  const byId = useById(typed, clusters);
  const { rules } = useRights();
  return useMemo(
    () => [
      ...byId,
      ...numberOf(typed),
      ...queryOf(typed),
      ...resourcesOf(typed, rules),
      ...known,
      ...nodes,
      ...questionsOffered(typed),
      ...questionOf(typed, clusters.values()),
    ],
    [byId, known, nodes, rules, clusters, typed],
  );
}
