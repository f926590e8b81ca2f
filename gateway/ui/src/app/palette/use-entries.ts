import { useMemo } from "react";

import { useActions } from "@/app/palette/use-actions";
import type { Entry } from "@/app/palette/find";
import { useGpuNodes } from "@/app/palette/use-gpu-nodes";
import { useFiringNames } from "@/app/firing";
import { useClusters } from "@/components/cluster-picker";
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

/** Several words are a question, as no name is: it is written in a new chat, and sent there. */
function askOf(typed: string): Entry[] {
  const question = typed.trim();
  if (!/\S\s+\S|\?$/.test(question) || /^[:>]/.test(question)) return [];
  return [{ id: "action:ask", group: "Actions", title: `Ask: ${question}`, hint: "in a new chat", words: ["chat", "assistant"], to: "/chat", search: { ask: question } }];
}

/** Everything that the palette can go to or do; of GPU nodes those that are called like what was typed. */
export function useEntries(typed: string): Entry[] {
  const clusters = useClusters();
  const names = useFiringNames();
  const nodes = useGpuNodes(typed);
  const actions = useActions();
  const rights = useRights();
  return useMemo(
    () => [
      ...pagesFor(rights).map(placeOf),
      ...[...clusters.values()].map(
        ({ id, name, display_name, state }): Entry => ({
          id: `cluster:${id}`,
          group: "Clusters",
          title: name,
          hint: title(state),
          ...(display_name ? { words: [display_name] } : {}),
          to: `/clusters/${id}`,
        }),
      ),
      ...nodes,
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
      ...askOf(typed),
      ...actions,
    ],
    [clusters, nodes, names, actions, rights, typed],
  );
}
