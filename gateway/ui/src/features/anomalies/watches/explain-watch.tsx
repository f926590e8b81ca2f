/** A watch's chart explained: what it sees over the time range of the page and as long before. */

import { useState } from "react";

import { linesOf } from "@/components/chart/lines";
import { unitOf } from "@/components/chart/unit-of";
import { useClusterNaming } from "@/components/cluster-names";
import type { Window } from "@/components/explain/differences";
import { ExplainDrawer, Explanation, type Explained } from "@/components/explain/explain-drawer";
import { PartialNotice } from "@/components/partial-notice";
import { onSteps, timeOf } from "@/features/anomalies/shared/steps";
import { queryMetricsRange } from "@/generated/api";
import type { WatchView } from "@/generated/api.schemas";
import { resolveRange, useNow, useRange } from "@/lib/moment";

export function ExplainWatch({ watch, onClose }: { watch: WatchView; onClose: () => void }) {
  const { from, to } = useRange();
  const { id, version } = watch;
  // Another range, or another question, is another explanation.
  return (
    <ExplainDrawer onClose={onClose}>
      <OfWindow key={JSON.stringify([id, version, from, to])} watch={watch} />
    </ExplainDrawer>
  );
}

function OfWindow({ watch: { query, cluster_ids = [] } }: { watch: WatchView }) {
  const range = useRange();
  const now = useNow(60_000);
  const names = useClusterNaming();
  // One that ends now stands still while it is read about.
  const [{ start, end }] = useState(() => onSteps(resolveRange(range, now)));
  const read = async (span: Window, signal: AbortSignal): Promise<Explained> => {
    const clusters = cluster_ids.length > 0 ? { cluster_ids: [...cluster_ids] } : {};
    const answer = await queryMetricsRange({ query, ...clusters, ...timeOf(onSteps(span)) }, { signal });
    const { clusters_queried: queried, clusters_succeeded: answered, missing, warnings } = answer;
    return {
      series: linesOf(answer, query).lines,
      notice: <PartialNotice queried={queried} answered={answered} missing={missing} warnings={warnings} />,
    };
  };
  return (
    <Explanation
      label={query}
      unit={unitOf(query)}
      window={{ start, end }}
      read={read}
      asked={["watch", query, cluster_ids]}
      clusters={cluster_ids.map((id) => ({ id, name: names([id]) }))}
    />
  );
}
