import { useEffect, useState, useSyncExternalStore } from "react";

import { LogTail, type TailState } from "@/features/observability/logs/tail";

/** Lines of the clusters as they come, for as long as the component is shown. */
export function useLogTail(query: string, clusters: readonly string[]): { state: TailState; tail: LogTail } {
  const [tail] = useState(() => new LogTail());
  const chosen = clusters.join(",");
  useEffect(() => {
    tail.follow({ query, clusters: chosen === "" ? [] : chosen.split(",") });
    return () => tail.stop();
  }, [tail, query, chosen]);
  return { state: useSyncExternalStore(tail.listen, tail.snapshot), tail };
}
