/** The columns of the list of DPDK ports. */

import type { Column } from "@/components/data-table";
import { ageColumn, clusterColumn, Maybe, nodeColumn, Unknown } from "@/features/cnf/shared/cells";
import { rate, sum } from "@/features/cnf/shared/numbers";
import { DROPPING, StateBadge } from "@/features/cnf/shared/states";
import type { DpdkPortView } from "@/generated/api.schemas";

const NO_RATE = "Not known: there is one sample only, or its counters began anew";

export const dropsOf = (row: DpdkPortView) => sum(row.rx_dropped_per_second, row.tx_dropped_per_second);
const errorsOf = (row: DpdkPortView) => sum(row.rx_errors_per_second, row.tx_errors_per_second);

/** What is not known of one way is in no sum. */
function dropsInWords({ rx_dropped_per_second, tx_dropped_per_second }: DpdkPortView): string | undefined {
  if (rx_dropped_per_second === null && tx_dropped_per_second === null) return undefined;
  const said = (value: number | null) => (value === null ? "not known" : `${rate(value)}/s`);
  return `Received: ${said(rx_dropped_per_second)}, sent: ${said(tx_dropped_per_second)}`;
}

/** Since when it drops packets, as far as it was told. */
export const sinceOf = (row: Pick<DpdkPortView, "dropping" | "standing" | "state_since">) =>
  row.dropping && row.standing === "DROPPING" ? row.state_since : null;

export function Rate({ of }: { of: number | null }) {
  if (of === null) return <Unknown why={NO_RATE} />;
  return <span className={of === 0 ? "numbers quiet" : "numbers"}>{rate(of)}</span>;
}

export const COLUMNS: readonly Column<DpdkPortView>[] = [
  {
    id: "port",
    header: "Port",
    width: "var(--cnf-port)",
    cell: ({ port }) => <Maybe>{port}</Maybe>,
  },
  {
    id: "pod",
    header: "Pod",
    width: "minmax(3rem, 2fr)",
    cell: ({ pod }) => <Maybe>{pod}</Maybe>,
  },
  {
    id: "drops",
    header: "Drops/s",
    width: "var(--cnf-state)",
    align: "end",
    cell: (row) =>
      row.dropping ? (
        <StateBadge
          look={[`${rate(dropsOf(row))}/s`, DROPPING[1], DROPPING[2]]}
          since={sinceOf(row)}
          why={dropsInWords(row)}
        />
      ) : (
        <span title={dropsInWords(row)}>
          <Rate of={dropsOf(row)} />
        </span>
      ),
  },
  {
    id: "rx",
    header: "Received/s",
    width: "5.5rem",
    from: 30,
    align: "end",
    cell: (row) => <Rate of={row.rx_packets_per_second} />,
  },
  {
    id: "tx",
    header: "Sent/s",
    width: "5rem",
    from: 45,
    align: "end",
    cell: (row) => <Rate of={row.tx_packets_per_second} />,
  },
  {
    id: "errors",
    header: "Errors/s",
    width: "4.5rem",
    from: 60,
    align: "end",
    cell: (row) => <Rate of={errorsOf(row)} />,
  },
  {
    id: "namespace",
    header: "Namespace",
    width: "minmax(5rem, 1fr)",
    from: 75,
    cell: ({ namespace }) => <Maybe>{namespace}</Maybe>,
  },
  nodeColumn(75),
  clusterColumn(60),
  ageColumn(),
];
