/** What was seen live, in words, and the page that shows it again. */

import type { RcaLook, RcaMoment, RcaSeen } from "@/generated/api.schemas";
import { title, words } from "@/lib/format";
import type { Place } from "@/lib/place";
import { lasting } from "@/lib/time";

const HOUR_MS = 3_600_000;

interface Source {
  one: string;
  many: string;
}

const SOURCES: Readonly<Record<string, Source>> = {
  PROMETHEUS: { one: "metric", many: "metrics" },
  LOKI: { one: "log", many: "logs" },
  TEMPO: { one: "trace", many: "traces" },
  KORREL8R: { one: "related", many: "related things" },
};

/** `metric`, `metrics`; a backend that is not known here goes by its own name. */
export const sourceOf = (backend: string): Source => SOURCES[backend] ?? { one: words(backend), many: words(backend) };

/** What was not answered, with the reason. */
export const failureInWords = ({ backend, failure = "" }: RcaLook, cluster: string): string =>
  `${title(sourceOf(backend).many)} of ${cluster} were not seen: ${failure}`;

const LANGUAGES: readonly (readonly [RegExp, string])[] = [
  [/^metric:metric:(.+?)(?:\?namespace=.*)?$/s, "PROMETHEUS"],
  // A selector as JSON is of Kubernetes, and no LogQL.
  [/^log:\w+:(\{\s*[a-z_].*)$/is, "LOKI"],
  [/^trace:span:(\{.*)$/s, "TEMPO"],
];

/** What Korrel8r relates, in the language of the backend that holds it. */
function relatedOf(seen: RcaSeen): RcaSeen | undefined {
  for (const [language, backend] of LANGUAGES) {
    const query = language.exec(seen.query)?.[1];
    if (query) return { ...seen, backend: backend as RcaSeen["backend"], query };
  }
  return undefined;
}

/** The query over the time that was asked for; undefined where no page asks that backend. */
export function queryPlace(seen: RcaSeen): Place | undefined {
  const { backend, cluster_id, query, start, end } = seen;
  if (backend === "KORREL8R") {
    const related = relatedOf(seen);
    return related && queryPlace(related);
  }
  const asked = { clusters: [cluster_id], from: start, to: end };
  if (backend === "PROMETHEUS") return { to: "/observability/metrics", search: { query: [query], ...asked } };
  if (backend === "LOKI") return { to: "/observability/logs", search: { query, ...asked } };
  return backend === "TEMPO" ? { to: "/observability/traces", search: { query, ...asked } } : undefined;
}

/** The trace that is its example; the way back from it leads to the query, where that is of traces. */
export function tracePlace(seen: RcaSeen): Place | undefined {
  const { backend, cluster_id, trace_id, start, end } = seen;
  if (!trace_id) return undefined;
  const around = backend === "TEMPO" ? queryPlace(seen)?.search : { clusters: [cluster_id], from: start, to: end };
  return { to: "/observability/traces", search: { ...around, trace: trace_id } };
}

/** What shows it best: of traces the one, of the rest the query. */
export const bestPlace = (seen: RcaSeen): Place | undefined =>
  (seen.backend === "TEMPO" ? tracePlace(seen) : undefined) ?? queryPlace(seen) ?? tracePlace(seen);

/** `within the hour`: of what nobody knows when it began in the time that was asked for. */
export function withinInWords({ start, end }: Pick<RcaSeen, "start" | "end">): string {
  const length = Date.parse(end) - Date.parse(start);
  return length <= HOUR_MS ? "within the hour" : `within ${lasting(length)}`;
}

/** `ROLLOUT_BEGAN` as `Rollout began`, `LOG_DNS` as `Log: DNS`. */
export const nameInWords = (name: string): string =>
  title(name)
    .replace(/^Log /, "Log: ")
    .replaceAll(/\b(?:cpu|dns|oom)\b/gi, (short) => short.toUpperCase());

const NAME = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+/;

/** `ROLLOUT_BEGAN (2 signals)` as `Rollout began (2 signals)`; names of events stay as they are. */
export const momentInWords = ({ text, seen }: RcaMoment): string =>
  seen == null ? text : text.replace(NAME, nameInWords);

/** By the time at which they began; what has none comes last. */
export function inTime(seen: readonly RcaSeen[]): RcaSeen[] {
  const at = ({ began_at }: RcaSeen) => (began_at ? Date.parse(began_at) : Number.POSITIVE_INFINITY);
  return seen.toSorted((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)));
}
