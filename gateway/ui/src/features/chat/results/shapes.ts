/** What a tool has told, as a chart, a table or a tree: found by its shape, so that a new tool has one too. Pure. */

import { linesOf, type Lines } from "@/components/chart/lines";
import type { MetricAnswer } from "@/generated/api.schemas";
import { shortened } from "@/features/chat/shared/words";

type Fields = Readonly<Record<string, unknown>>;

export interface Table {
  /** The name of the list in the answer. */
  name: string;
  columns: string[];
  rows: Fields[];
}

const MOST_COLUMNS = 7;
/** What tells the most comes first, where it is there. */
const FIRST = ["title", "name", "alertname", "cluster_name", "cluster", "node_name", "pod_name", "event_type", "severity", "state", "value"];
/** What says nothing to people, as long as there is something else. */
const LAST = /(?:^|_)(?:id|ids|fingerprint|version|sequence)$/;

export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** The longest list of objects; undefined where there is none. */
export function tableOf(data: unknown): Table | undefined {
  if (!isFields(data)) return undefined;
  const lists = Object.entries(data).filter((entry): entry is [string, Fields[]] => Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every(isFields));
  const [name, rows] = lists.toSorted((a, b) => b[1].length - a[1].length)[0] ?? [];
  return name === undefined || rows === undefined ? undefined : { name, rows, columns: columnsOf(rows) };
}

function columnsOf(rows: readonly Fields[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const rank = (name: string) => {
    const place = FIRST.indexOf(name);
    if (place >= 0) return place;
    return LAST.test(name) ? 200 : rows.every((row) => typeof row[name] === "object") ? 150 : 100;
  };
  return names.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST_COLUMNS);
}

/** What is no list and no object: `total 12`. */
export function figuresOf(data: unknown, most = 12): [string, string][] {
  if (!isFields(data)) return [];
  return Object.entries(data)
    .filter(([, value]) => typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && value.length <= 80))
    .slice(0, most)
    .map(([name, value]) => [name.replaceAll("_", " "), cell(value)]);
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

export const isTime = (value: unknown): value is string => typeof value === "string" && TIME.test(value);

/** A value in a cell. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (typeof value === "string") return shortened(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length > 3 ? `${value.slice(0, 3).map(cell).join(", ")} and ${value.length - 3} more` : value.map(cell).join(", ");
  return Object.entries(value)
    .slice(0, 4)
    .map(([name, inner]) => `${name}=${cell(inner)}`)
    .join(" ");
}

interface Told {
  metric?: Record<string, string>;
  cluster_id?: string;
  cluster_name?: string;
  values?: [number, string][];
  value?: unknown;
}

export interface Charted extends Lines {
  start: number;
  end: number;
  /** Milliseconds between points. */
  step: number | undefined;
}

/** The series of `query_metrics` over a time; undefined for what is no chart, as values at one time. */
export function chartOf(data: unknown, { query, start_time, end_time }: Fields): Charted | undefined {
  if (!isFields(data) || !Array.isArray(data["series"])) return undefined;
  const series = (data["series"] as Told[]).filter(({ values }) => (values?.length ?? 0) > 1);
  if (series.length === 0) return undefined;
  const results = series.map(({ metric = {}, cluster_id, cluster_name, values }) => ({
    cluster_id: cluster_id ?? null,
    cluster_name: cluster_name ?? null,
    data: [{ metric, values }],
  })) as unknown as MetricAnswer["results"];
  const times = series.flatMap(({ values = [] }) => values.map(([time]) => time * 1000));
  const [first, second] = series[0]!.values!;
  return {
    ...linesOf({ results }, String(query)),
    // What was asked for; of what was cut off there is nothing to see.
    start: isTime(start_time) ? Date.parse(start_time) : Math.min(...times),
    end: isTime(end_time) ? Date.parse(end_time) : Math.max(...times),
    step: first && second ? Math.round((second[0] - first[0]) * 1000) : undefined,
  };
}

/** Values at one time, as rows: labels, and the value. */
export function valuesOf(data: unknown): Table | undefined {
  if (!isFields(data) || !Array.isArray(data["series"])) return undefined;
  const rows = (data["series"] as Told[]).map(({ metric = {}, cluster_name, values, value }): Fields => {
    const said = values?.at(-1)?.[1] ?? (Array.isArray(value) ? value.at(-1) : value);
    const { __name__: name, ...labels } = metric;
    return { ...(cluster_name === undefined ? {} : { cluster: cluster_name }), ...(name === undefined ? {} : { metric: name }), ...labels, value: numeric(said) };
  });
  if (rows.length === 0) return undefined;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== "value");
  return { name: "series", rows, columns: [...names.slice(0, MOST_COLUMNS - 1), "value"] };
}

function numeric(said: unknown): unknown {
  const read = typeof said === "string" && said.trim() !== "" ? Number(said) : Number.NaN;
  return Number.isNaN(read) ? said : read;
}
