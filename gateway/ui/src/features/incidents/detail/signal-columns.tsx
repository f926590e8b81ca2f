/** What a row of signals shows. */

import { Checkbox } from "@patternfly/react-core";
import { BellIcon, ChartLineIcon, HeartbeatIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { SeverityBadge } from "@/components/badges";
import { sentenceInWords } from "@/components/causes/sentence";
import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { KIND_NAMES } from "@/features/incidents/shared/words";
import type { SignalKind, SignalView } from "@/generated/api.schemas";
import { placeInWords, title } from "@/lib/format";
import { signalInWords } from "@/lib/titles";

const KINDS: Readonly<Record<SignalKind, ComponentType>> = {
  ALERT: BellIcon,
  ANOMALY: ChartLineIcon,
  STATUS: HeartbeatIcon,
};

const SEVERITY: Column<SignalView> = {
  id: "severity",
  header: "Severity",
  width: "1.25rem",
  cell: ({ severity }) => (
    <span className="incidents-severity" title={title(severity)}>
      <SeverityBadge severity={severity} />
    </span>
  ),
};
const NAME: Column<SignalView> = {
  id: "name",
  header: "Signal",
  width: "minmax(9rem, 2fr)",
  cell: ({ kind, name, where, cluster_name, cluster_id }) => {
    const Icon = KINDS[kind];
    return (
      <>
        <span className="incidents-kind" title={KIND_NAMES[kind]}>
          <Icon />
          <span className="visually-hidden">{KIND_NAMES[kind]}: </span>
        </span>
        <span className="incidents-name">{kind === "STATUS" ? signalInWords(name) : name}</span>{" "}
        <span className="quiet incidents-rest">
          {where[0] === undefined ? "" : `${placeInWords(where[0])} · `}
          {cluster_name ?? cluster_id.slice(0, 8)}
        </span>
      </>
    );
  },
};
const WHY: Column<SignalView> = {
  id: "why",
  header: "Why it belongs here",
  width: "minmax(8rem, 1.4fr)",
  from: 30,
  cell: ({ reason, likeness }) => (
    <span className="quiet" title={reason === null ? "" : sentenceInWords(reason)}>
      {reason === null ? "not shown" : sentenceInWords(reason)}
      {likeness === null || likeness === 1 ? "" : ` · ${Math.round(likeness * 100)} %`}
    </span>
  ),
};
const BEGAN: Column<SignalView> = {
  id: "began",
  header: "Began",
  width: "6.5rem",
  from: 45,
  cell: ({ started_at }) => <Ago at={started_at} />,
};
const ENDED: Column<SignalView> = {
  id: "ended",
  header: "Ended",
  width: "6rem",
  cell: ({ ended_at }) => (ended_at === null ? <span className="incidents-lasts">lasts</span> : <Ago at={ended_at} />),
};

const COLUMNS: readonly Column<SignalView>[] = [SEVERITY, NAME, WHY, BEGAN, ENDED];

/** With a box for each while some are chosen to be split off. */
export function signalColumns(
  chosen: ReadonlySet<string> | undefined,
  onFlip: (id: string) => void,
): readonly Column<SignalView>[] {
  if (chosen === undefined) return COLUMNS;
  const box: Column<SignalView> = {
    id: "chosen",
    header: "Chosen",
    width: "1.25rem",
    cell: ({ id, name }) => (
      <Checkbox id={`split-${id}`} aria-label={`Split off ${name}`} isChecked={chosen.has(id)} onChange={() => onFlip(id)} />
    ),
  };
  return [box, ...COLUMNS];
}
