/** The chart of a clock explained: it and the other clocks of its node, over the shown window and as long before. */

import { ExplainDrawer, Explanation, type Explained } from "@/components/explain/explain-drawer";
import type { Window } from "@/components/explain/differences";
import { Happened } from "@/components/explain/happened";
import { useStillWindow } from "@/components/explain/use-still-window";
import { seriesOf } from "@/features/cnf/explain/series";
import { partsOf } from "@/features/cnf/shared/rows";
import { getPtpHistory, listPtpStatus } from "@/generated/api";
import type { CnfStatusChanged, EventRecord } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf, useRange } from "@/lib/moment";
import { functionTold, nodeOf } from "@/lib/network-functions";

/** That are read, the explained one first. */
const MOST_INTERFACES = 8;

interface ExplainClockProps {
  /** As its row is called. */
  id: string;
  onClose: () => void;
}

export function ExplainClock({ id, onClose }: ExplainClockProps) {
  const { as_of } = useAsOf();
  const { from, to } = useRange();
  return (
    <ExplainDrawer onClose={onClose}>
      <OfWindow key={JSON.stringify([id, from, to, as_of])} id={id} />
    </ExplainDrawer>
  );
}

function OfWindow({ id }: { id: string }) {
  const [cluster = "", node = "", name = ""] = partsOf(id, 4);
  const asOf = useAsOf();
  const window = useStillWindow();
  const read = async ({ start, end }: Window, signal: AbortSignal): Promise<Explained> => {
    const { items } = await listPtpStatus({ cluster_id: [cluster], node_name: [node], page_size: 100, ...asOf }, { signal });
    const interfaces = [...new Set([name, ...items.map((row) => row.interface)])];
    const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
    const asked = { cluster_id: cluster, node_name: node, from, to, ...asOf };
    const told = await Promise.all(
      interfaces.slice(0, MOST_INTERFACES).map((each) => getPtpHistory({ ...asked, interface: each }, { signal })),
    );
    return { series: told.flatMap(seriesOf), notice: <Compared left={interfaces.length - told.length} /> };
  };
  return (
    <Explanation
      label={`Clocks of ${node}`}
      unit="seconds"
      window={window}
      read={read}
      asked={["clocks", cluster, node, name, asOf]}
      happened={
        <Happened
          of={{ event_type: ["CNF_STATUS_CHANGED"], cluster_id: cluster }}
          window={window}
          isMeant={(event) => event.payload !== null && nodeOf(changeOf(event)) === node}
          inWords={(event) => `${functionTold(changeOf(event))} (${changeOf(event).reason})`}
          whose="network functions of this node"
          what="network functions"
        />
      }
    />
  );
}

const changeOf = ({ payload }: EventRecord) => payload as unknown as CnfStatusChanged;

function Compared({ left }: { left: number }) {
  return (
    <p className="hint">
      Compared is how far each clock of the node is from its source, ahead or behind.
      {left > 0 ? ` ${plural(left, "other interface")} of the node ${left === 1 ? "is" : "are"} left out.` : ""}
    </p>
  );
}
