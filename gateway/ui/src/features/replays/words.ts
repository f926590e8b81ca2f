/** Replays in words, and what was typed as what the hub is asked. */

import type { Tone } from "@/components/badges";
import { DifferenceKind, type ReplayAsked, type ReplayKind, type ReplayResult, type ReplaySummary, type Sensitivity } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

/** What looks at every value that comes. */
export const STREAMING = ["STATISTICAL", "ML_BASED"] as const;
export type Streaming = (typeof STREAMING)[number];

export const KINDS: Readonly<Record<ReplayKind, readonly [said: string, what: string]>> = {
  CORRELATION: ["Correlation", "Which alerts, anomalies and states would have been one incident."],
  DETECTION: ["Detection", "Which anomalies would have been found in telemetry."],
  RCA: ["Root causes", "What incidents would have been put down to."],
};

export const SPANS: readonly (readonly [hours: number, said: string])[] = [
  [1, "the last hour"],
  [6, "the last 6 hours"],
  [24, "the last day"],
  [48, "the last 2 days"],
  [168, "the last week"],
];

export const DIFFERENCES: Readonly<Record<DifferenceKind, readonly [said: string, tone: Tone]>> = {
  ADDED: ["More", "info"],
  LOST: ["Not told", "warning"],
  CHANGED: ["Otherwise", "neutral"],
};

/** What was typed; an empty text: as it is set. */
export interface Draft {
  kind: ReplayKind;
  hours: number;
  clusters: string[];
  settle: string;
  settleCritical: string;
  quiet: string;
  sensitivity: Sensitivity | "";
  method: Streaming | "";
  learning: string;
  known: string;
}

export const EMPTY: Draft = {
  kind: "CORRELATION",
  hours: 24,
  clusters: [],
  settle: "",
  settleCritical: "",
  quiet: "",
  sensitivity: "",
  method: "",
  learning: "",
  known: "",
};

export interface NumberField {
  name: "settle" | "settleCritical" | "quiet" | "learning" | "known";
  kind: ReplayKind;
  label: string;
  hint: string;
  most: number;
  least: number;
}

export const NUMBERS: readonly NumberField[] = [
  { name: "settle", kind: "CORRELATION", label: "A warning waits for company (s)", hint: "Before it opens an incident.", least: 0, most: 600 },
  { name: "settleCritical", kind: "CORRELATION", label: "Something critical waits (s)", hint: "The same, shorter as a rule.", least: 0, most: 600 },
  { name: "quiet", kind: "CORRELATION", label: "Over after (s)", hint: "So long all of an incident has to have ended.", least: 1, most: 86_400 },
  { name: "learning", kind: "DETECTION", label: "A series is only learnt for (h)", hint: "Nothing but a crossed bound is told of it until then.", least: 0, most: 720 },
  { name: "known", kind: "RCA", label: "A cause is known from (%)", hint: "Below that it is unknown.", least: 0, most: 100 },
];

/** What is wrong with what was typed into a field; undefined: nothing. */
export function problemOf({ least, most }: NumberField, typed: string): string | undefined {
  if (typed.trim() === "") return undefined;
  const value = Number(typed);
  return Number.isFinite(value) && value >= least && value <= most ? undefined : `A number from ${least} to ${most}.`;
}

const numberOf = (typed: string, times = 1) => (typed.trim() === "" ? undefined : Number(typed) * times);

/** What the hub is asked, at this time (milliseconds since 1970). */
export function askedOf(draft: Draft, now: number): ReplayAsked {
  const changes = changesOf(draft);
  return {
    kind: draft.kind,
    start: new Date(now - draft.hours * 3_600_000).toISOString(),
    end: new Date(now).toISOString(),
    cluster_ids: draft.clusters,
    ...(Object.keys(changes).length > 0 ? { [draft.kind.toLowerCase()]: changes } : {}),
  };
}

function changesOf(draft: Draft): object {
  const all: Record<ReplayKind, object> = {
    CORRELATION: {
      settle_seconds: numberOf(draft.settle),
      settle_critical_seconds: numberOf(draft.settleCritical),
      quiet_seconds: numberOf(draft.quiet),
    },
    DETECTION: {
      sensitivity: draft.sensitivity || undefined,
      detection_type: draft.method || undefined,
      learning_seconds: numberOf(draft.learning, 3_600),
    },
    RCA: { known_from: numberOf(draft.known, 0.01) },
  };
  return Object.fromEntries(Object.entries(all[draft.kind]).filter(([, value]) => value !== undefined));
}

/** `settle 60 s, quiet 120 s`; without any: as it is set. */
export function changesInWords({ correlation, detection, rca }: ReplayAsked): string {
  const told = [
    seconds("warnings wait", correlation?.settle_seconds),
    seconds("critical ones wait", correlation?.settle_critical_seconds),
    seconds("over after", correlation?.quiet_seconds),
    correlation?.rules ? `${plural(correlation.rules.length, "rule")} in place of those there` : "",
    detection?.sensitivity ? `sensitivity ${detection.sensitivity.toLowerCase()}` : "",
    detection?.detection_type ? detection.detection_type.toLowerCase().replace("_", " ") : "",
    detection?.learning_seconds == null ? "" : `learnt for ${detection.learning_seconds / 3_600} h`,
    rca?.known_from == null ? "" : `known from ${Math.round(rca.known_from * 100)} %`,
  ].filter(Boolean);
  return told.length > 0 ? told.join(", ") : "as it is set";
}

const seconds = (said: string, value: number | null | undefined) => (value == null ? "" : `${said} ${value} s`);

/** What came of it, in a few words. */
export function outcomeOf({ state, is_equal, differences, code }: ReplaySummary): readonly [said: string, tone: Tone] {
  if (state === "RUNNING") return ["Runs", "info"];
  if (state === "FAILED") return [code === "CANCELLED" ? "Cancelled" : "Came to nothing", code === "CANCELLED" ? "neutral" : "danger"];
  return is_equal ? ["All the same", "success"] : [plural(differences ?? 0, "difference"), "warning"];
}

const THINGS: Readonly<Record<ReplayKind, readonly [string, string]>> = {
  CORRELATION: ["incident", "incidents"],
  DETECTION: ["anomaly", "anomalies"],
  RCA: ["analysis", "analyses"],
};

/** The numbers of a result: what was, and what would have been. */
export function numbersOf(kind: ReplayKind, result: ReplayResult): readonly (readonly [said: string, was: string, would: string])[] {
  const [, things] = THINGS[kind];
  const rows: [string, string, string][] = [[things.charAt(0).toUpperCase() + things.slice(1), String(result.told), String(result.again)]];
  if (kind === "CORRELATION") rows.push(["Signals in them", String(result.signals_told ?? 0), String(result.signals_again ?? 0)]);
  if (result.seconds_to_tell != null || result.seconds_to_tell_again != null)
    rows.push(["Told after (median)", time(result.seconds_to_tell), time(result.seconds_to_tell_again)]);
  return rows;
}

const time = (value: number | null | undefined) => (value == null ? "–" : value < 120 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`);

/** `5 signals in none, 12 together with others`; empty where nothing moved. */
export function movesOf({ signals_added = 0, signals_lost = 0, signals_merged = 0, signals_parted = 0 }: ReplayResult): string {
  return [
    signals_added > 0 ? `${plural(signals_added, "signal")} more in incidents` : "",
    signals_lost > 0 ? `${plural(signals_lost, "signal")} in none` : "",
    signals_merged > 0 ? `${plural(signals_merged, "signal")} together with others` : "",
    signals_parted > 0 ? `${plural(signals_parted, "signal")} apart from others` : "",
  ]
    .filter(Boolean)
    .join(", ");
}
