/** PromQL for those who know none: from a form to a text. */

export const OPERATORS = ["=", "!=", "=~", "!~"] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Filter {
  label: string;
  operator: Operator;
  value: string;
}

export const PER = ["value", "rate", "increase"] as const;
export const HOW = ["each", "sum", "avg", "max", "min", "count", "quantile", "histogram"] as const;

export interface Spec {
  metric: string;
  filters: readonly Filter[];
  /** The value itself, its growth per second, or its growth within the window. */
  per: (typeof PER)[number];
  /** `5m`. */
  window: string;
  /** How series become one. */
  how: (typeof HOW)[number];
  /** Between 0 and 1. */
  quantile: number;
  /** One series for each value of these labels. */
  by: readonly string[];
}

export const EMPTY: Spec = {
  metric: "",
  filters: [],
  per: "value",
  window: "5m",
  how: "each",
  quantile: 0.95,
  by: [],
};

export function selectorOf({ metric, filters }: Pick<Spec, "metric" | "filters">): string {
  const inner = filters
    .filter(({ label, value }) => label !== "" && value !== "")
    .map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`)
    .join(", ");
  return inner === "" ? metric : `${metric}{${inner}}`;
}

/** What the form says as PromQL; empty while there is no metric. */
export function buildPromql(spec: Spec): string {
  const { metric, per, window, how, quantile, by } = spec;
  if (metric === "") return "";
  const selector = selectorOf(spec);
  if (how === "histogram") {
    const kept = ["le", ...by].join(", ");
    return `histogram_quantile(${quantile}, sum by (${kept}) (rate(${selector}[${window}])))`;
  }
  const each = per === "value" ? selector : `${per}(${selector}[${window}])`;
  if (how === "each") return each;
  const inner = how === "quantile" ? `${quantile}, ${each}` : each;
  return by.length > 0 ? `${how} by (${by.join(", ")}) (${inner})` : `${how}(${inner})`;
}

/** What suits a metric of that type at first. */
export function suited(metric: string, type: string | undefined): Pick<Spec, "metric" | "per" | "how"> {
  if (metric.endsWith("_bucket")) return { metric, per: "rate", how: "histogram" };
  const counts = type === "counter" || /_(?:total|count|sum)$/.test(metric);
  return { metric, per: counts ? "rate" : "value", how: counts ? "sum" : "each" };
}
