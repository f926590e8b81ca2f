import { Aggregation } from "@/generated/api.schemas";
import { flag, list, number, oneOf, text, type Raw } from "@/lib/search";

/** What all three pages share: the question, and the clusters that are asked (none: all). */
export interface AskedSearch {
  query?: string | undefined;
  clusters?: string[] | undefined;
  /** Queries of before, or those that were kept by name, beside what was asked. */
  library?: "recent" | "saved" | undefined;
}

/** All clusters are asked; one list, so that what depends on it stays the same. */
export const NO_CLUSTERS: readonly string[] = [];

export const VIEWS = ["chart", "table"] as const;
export const METRIC_SORTS = ["series", "-series", "value", "-value"] as const;

export interface MetricsSearch extends Omit<AskedSearch, "query"> {
  /** One panel for each. */
  query?: string[] | undefined;
  /** How the clusters' series are put together; without it each cluster has its own. */
  agg?: Aggregation | undefined;
  /** A chart, if it is left out. */
  view?: (typeof VIEWS)[number] | undefined;
  /** `5m`; without it, what suits the range. */
  step?: string | undefined;
  /** Alerts are marked on charts, unless it is off. */
  marks?: "off" | undefined;
  /** The letter of the query whose window is explained beside the charts. */
  explain?: string | undefined;
  /** Of tables. */
  sort?: (typeof METRIC_SORTS)[number] | undefined;
}
export interface LogsSearch extends AskedSearch {
  /** Lines are followed as they come. */
  tail?: boolean | undefined;
  /** What differs from before is told beside them. */
  explain?: true | undefined;
  /** Which lines come first; newest if it is left out. */
  order?: "oldest" | undefined;
  /** Only those of the shown lines in which this stands. */
  find?: string | undefined;
  wrap?: boolean | undefined;
}

export const TRACE_SORTS = ["start", "-start", "duration", "-duration", "spans", "-spans"] as const;

export interface TracesSearch extends AskedSearch {
  /** `query` is TraceQL; without it these parts are a search. */
  service?: string | undefined;
  operation?: string | undefined;
  /** `name=value` each. */
  tag?: string[] | undefined;
  /** Milliseconds of the whole trace. */
  min?: number | undefined;
  max?: number | undefined;
  errors?: boolean | undefined;
  sort?: (typeof TRACE_SORTS)[number] | undefined;
  view?: "map" | undefined;
  /** The trace that is open, and its span. */
  trace?: string | undefined;
  span?: string | undefined;
}

const shared = (raw: Raw): Omit<AskedSearch, "query"> => ({
  clusters: list(raw["clusters"]),
  library: oneOf(raw["library"], ["recent", "saved"]),
});
const asked = (raw: Raw): AskedSearch => ({ query: text(raw["query"]), ...shared(raw) });

export const readMetricsSearch = (raw: Raw): MetricsSearch => ({
  query: list(raw["query"]),
  ...shared(raw),
  agg: oneOf(raw["agg"], Object.values(Aggregation)),
  view: oneOf(raw["view"], VIEWS),
  step: duration(raw["step"]),
  marks: oneOf(raw["marks"], ["off"]),
  explain: text(raw["explain"]),
  sort: oneOf(raw["sort"], METRIC_SORTS),
});
export const readLogsSearch = (raw: Raw): LogsSearch => ({
  ...asked(raw),
  tail: flag(raw["tail"]) || undefined,
  explain: flag(raw["explain"]) || undefined,
  order: oneOf(raw["order"], ["oldest"]),
  find: text(raw["find"]),
  wrap: flag(raw["wrap"]) || undefined,
});

export const readTracesSearch = (raw: Raw): TracesSearch => ({
  ...asked(raw),
  service: text(raw["service"]),
  operation: text(raw["operation"]),
  tag: list(raw["tag"]),
  min: milliseconds(raw["min"]),
  max: milliseconds(raw["max"]),
  errors: flag(raw["errors"]) || undefined,
  sort: oneOf(raw["sort"], TRACE_SORTS),
  view: oneOf(raw["view"], ["map"]),
  trace: oneTrace(raw["trace"]),
  span: text(raw["span"]),
});

function duration(value: unknown): string | undefined {
  const said = text(value);
  return said !== undefined && /^[1-9][0-9]{0,6}[smhdw]$/.test(said) ? said : undefined;
}

function milliseconds(value: unknown): number | undefined {
  const read = number(value);
  return read !== undefined && read >= 0 ? Math.round(read) : undefined;
}

function oneTrace(value: unknown): string | undefined {
  const said = text(value)?.trim();
  return said !== undefined && /^[0-9a-f]{1,32}$/i.test(said) ? said.toLowerCase() : undefined;
}
