/** The chart of a cluster's health explained: its score over the shown window and as long before, and what its state did. */

import { ExplainDrawer, Explanation, type Explained, type ExplainedSeries } from "@/components/explain/explain-drawer";
import type { Window } from "@/components/explain/differences";
import { Happened } from "@/components/explain/happened";
import { useStillWindow } from "@/components/explain/use-still-window";
import { askedFor, barsOf, type Bar } from "@/features/clusters/detail/history";
import { getClusterStatus } from "@/generated/api";
import type { ClusterStatusChanged, ClusterView, EventRecord } from "@/generated/api.schemas";
import { words } from "@/lib/format";
import { useAsOf, useNow, useRange } from "@/lib/moment";

/** Scores are whole; one point more or less is no difference. */
const GRAIN = 1;

interface ExplainHealthProps {
  cluster: ClusterView;
  onClose: () => void;
}

export function ExplainHealth({ cluster, onClose }: ExplainHealthProps) {
  const { as_of } = useAsOf();
  const { from, to } = useRange();
  return (
    <ExplainDrawer onClose={onClose}>
      <OfWindow key={JSON.stringify([from, to, as_of])} cluster={cluster} />
    </ExplainDrawer>
  );
}

function OfWindow({ cluster: { id, name } }: { cluster: ClusterView }) {
  const { as_of } = useAsOf();
  const now = useNow(60_000);
  const window = useStillWindow();
  const read = async ({ start, end }: Window, signal: AbortSignal): Promise<Explained> => {
    const range = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
    const { asked, cut } = askedFor(range, Math.max(now, end), as_of);
    const { history } = await getClusterStatus(id, asked, { signal });
    return {
      series: seriesOf(barsOf(history)),
      notice: cut ? <p className="hint">Health is kept for 7 days: there is less of the time before, or none.</p> : null,
    };
  };
  return (
    <Explanation
      label={`Health of ${name}`}
      window={window}
      read={read}
      asked={["health", id, as_of]}
      clusters={[{ id, name }]}
      happened={
        <Happened
          of={{ event_type: ["CLUSTER_STATUS_CHANGED"], cluster_id: id }}
          window={window}
          isMeant={({ payload }) => payload !== null}
          inWords={changeInWords}
          whose="its state"
          what="states"
        />
      }
    />
  );
}

/** One score a step, told in its middle. */
function seriesOf(bars: readonly Bar[]): ExplainedSeries[] {
  const half = bars.length > 1 ? (bars[1]!.at - bars[0]!.at) / 2 : 0;
  const points = [bars.map(({ at }) => at + half), bars.map(({ score }) => score ?? Number.NaN)] as const;
  return [{ name: "Health score", grain: GRAIN, points }];
}

/** `online → offline: it does not answer`. */
function changeInWords({ payload }: EventRecord): string {
  const { old_state, new_state, reason } = payload as unknown as ClusterStatusChanged;
  return `${words(old_state)} → ${words(new_state)}: ${reason}`;
}
