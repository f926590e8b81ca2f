/** The unit of what a query comes to, as far as the names of its metrics tell it; where in doubt, none. */

import type { Unit } from "@/components/chart/units";

const STRINGS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g;
const BRACES = /\{[^}]*\}/g;
const COUNTED = /^\s*(?:count|count_values|group|absent|changes|resets)\b/;
const PER_SECOND = /\b(?:rate|irate|deriv)\s*\(/;
const METRIC = /\b[a-zA-Z_:][\w:]*\b(?!\s*\()/g;
const WORDS = new Set(
  "by without on ignoring group_left group_right offset bool and or unless".split(" "),
);
const GROUPING = /\b(?:by|without|on|ignoring)\s*\([^)]*\)/g;

const bareOf = (query: string): string => query.replaceAll(STRINGS, "").replaceAll(BRACES, "").replaceAll(GROUPING, "");

/** The names of metrics in a query. */
export function metricsIn(query: string): string[] {
  const names = bareOf(query).replaceAll(/\[[^\]]*\]/g, "").match(METRIC) ?? [];
  return [...new Set(names.filter((name) => !WORDS.has(name)))];
}

export function unitOf(query: string): Unit {
  const bare = bareOf(query);
  if (COUNTED.test(bare) || /[=!<>]=\s*bool\b/.test(bare)) return "none";
  // A quotient has another unit than its parts.
  if (bare.includes("/") || bare.includes("*") || bare.includes("^")) return "none";
  const names = metricsIn(query);
  const units = new Set(names.map((name) => ofMetric(name)));
  const [unit = "none"] = units.size === 1 ? units : [];
  if (!PER_SECOND.test(bare)) return unit;
  if (/histogram_quantile/.test(bare)) return unit;
  if (unit === "bytes") return "bytes/s";
  if (unit === "seconds") return names.some((name) => name.includes("cpu")) ? "cores" : "none";
  return unit === "none" ? "per second" : "none";
}

function ofMetric(name: string): Unit {
  const base = name.replace(/_(?:total|sum|bucket)$/, "");
  if (base.endsWith("_bytes")) return "bytes";
  if (base.endsWith("_milliseconds") || base.endsWith("_ms")) return "milliseconds";
  if (base.endsWith("_seconds")) return "seconds";
  if (base.endsWith("_ratio")) return "ratio";
  if (/_(?:percent|percentage|UTIL)$/.test(base)) return "percent";
  return "none";
}
