/** What a row of replays shows. */

import { CheckCircleIcon, ExclamationCircleIcon, InProgressIcon, MinusCircleIcon, NotEqualIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { Badge, type Tone } from "@/components/badges";
import { useClusterNaming } from "@/components/cluster-names";
import type { Column } from "@/components/data-table";
import { Ago, At } from "@/components/timestamp";
import { changesInWords, KINDS, outcomeOf } from "@/features/replays/words";
import type { ReplaySummary } from "@/generated/api.schemas";

const ICONS: Readonly<Record<Tone, ComponentType>> = {
  success: CheckCircleIcon,
  warning: NotEqualIcon,
  info: InProgressIcon,
  danger: ExclamationCircleIcon,
  neutral: MinusCircleIcon,
};

export function Outcome({ replay }: { replay: ReplaySummary }) {
  const [said, tone] = outcomeOf(replay);
  return (
    <Badge tone={tone} icon={ICONS[tone]}>
      {said}
    </Badge>
  );
}

function Clusters({ ids }: { ids: readonly string[] }) {
  const names = useClusterNaming(1);
  return <span className={ids.length > 0 ? "" : "quiet"}>{ids.length > 0 ? names(ids) : "all clusters"}</span>;
}

export const REPLAY_COLUMNS: readonly Column<ReplaySummary>[] = [
  { id: "outcome", header: "Comes to", width: "minmax(6.75rem, 0.8fr)", cell: (replay) => <Outcome replay={replay} /> },
  {
    id: "what",
    header: "What if",
    width: "minmax(5.5rem, 2fr)",
    cell: ({ asked }) => (
      <>
        <span className="replays-kind">{KINDS[asked.kind][0]}</span> <span className="quiet">{changesInWords(asked)}</span>
      </>
    ),
  },
  {
    id: "time",
    header: "Time",
    width: "minmax(19rem, 1.2fr)",
    from: 60,
    cell: ({ asked: { start, end } }) => (
      <span className="numbers">
        <At at={start} /> – <At at={end} />
      </span>
    ),
  },
  { id: "clusters", header: "Clusters", width: "minmax(6rem, 0.7fr)", from: 75, cell: ({ asked: { cluster_ids = [] } }) => <Clusters ids={cluster_ids} /> },
  {
    id: "started",
    header: "Started",
    width: "minmax(4.75rem, 1fr)",
    cell: ({ started_at, started_by }) => (
      <>
        <Ago at={started_at} /> <span className="quiet replays-wide">by {started_by}</span>
      </>
    ),
  },
];
