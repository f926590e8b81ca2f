/** What was wrong in clusters in a window, as the log tells it: looked for one after the other. */

import { useEffect, useRef, useState } from "react";

import type { Window } from "@/components/explain/differences";
import { analyzeRootCause } from "@/generated/api";
import type { Outcome, RcaView } from "@/generated/api.schemas";

/** As the hub has it. */
export const LONGEST_MS = 86_400_000;

export type Looked =
  | { state: "looking" }
  | { state: "found"; analysis: RcaView }
  /** The hub has taken it, and is not done yet. */
  | { state: "taken" }
  | { state: "failed"; error: Error };

const isTaken = (answer: RcaView | Outcome): answer is Outcome => "command_id" in answer;

export function useWrong({ start, end }: Window) {
  const [looked, setLooked] = useState<ReadonlyMap<string, Looked>>(new Map());
  const [isLooking, setIsLooking] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    const mine = new AbortController();
    leaving.current = mine;
    return () => mine.abort();
  }, []);
  /** One after the other: each may read a day of the log. */
  const look = async (clusters: readonly string[]) => {
    const { signal } = leaving.current;
    const put = (cluster: string, what: Looked) => setLooked((before) => new Map(before).set(cluster, what));
    setIsLooking(true);
    for (const cluster of clusters) {
      put(cluster, { state: "looking" });
      // oxlint-disable-next-line no-await-in-loop -- not all at once
      const what = await lookAt(cluster, { start, end }, signal);
      if (signal.aborted) return;
      put(cluster, what);
    }
    setIsLooking(false);
  };
  return { looked, isLooking, look };
}

async function lookAt(cluster_id: string, { start, end }: Window, signal: AbortSignal): Promise<Looked> {
  const window = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  try {
    const answer = await analyzeRootCause({ cluster_id, ...window }, { signal });
    return isTaken(answer) ? { state: "taken" } : { state: "found", analysis: answer };
  } catch (error) {
    return { state: "failed", error: error as Error };
  }
}
