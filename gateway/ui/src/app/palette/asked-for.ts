/** What was typed, where it is no name: a question, a query, an id. */

import type { Entry } from "@/app/palette/find";

const BEGINS_QUESTION =
  /^(?:what|why|which|who|whose|where|when|how|is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|explain|show me|tell me|find out)\s+\S/i;
/** Others would be all words of a long text. */
const MOST_CLUSTERS = 5;

export interface Named {
  id: string;
  name: string;
}

/** Of these the ones that a text names as whole words. */
export function namedIn(text: string, clusters: Iterable<Named>): Named[] {
  const said = new Set(text.toLowerCase().split(/[^\w.-]+/).map((word) => word.replace(/[.-]+$/, "")));
  return [...clusters].filter(({ name }) => said.has(name.toLowerCase())).slice(0, MOST_CLUSTERS);
}

/** It is written in a new chat, about the clusters that it names, and sent there: first where it is a question, else the last resort. */
export function questionOf(typed: string, clusters: Iterable<Named>): Entry[] {
  const isMarked = typed.trimStart().startsWith("?");
  const question = typed.trim().replace(/^\?\s*/, "");
  if (question.length < 2 || /^[:>#]/.test(question)) return [];
  const about = namedIn(question, clusters);
  return [
    {
      id: "action:ask",
      group: "Ask",
      title: `Ask the assistant: ${question}`,
      hint: about.length > 0 ? `about ${about.map(({ name }) => name).join(", ")}` : "in a new chat",
      pin: isMarked || question.endsWith("?") || BEGINS_QUESTION.test(question) ? "first" : "last",
      to: "/chat",
      search: { ask: question, ...(about.length > 0 ? { cluster: about.map(({ id }) => id) } : {}) },
    },
  ];
}

const OFFERED = ["What is wrong right now?", "What changed in the last hour?", "Which GPUs are idle?"];

/** With a lone `?`: what can be asked. */
export const questionsOffered = (typed: string): Entry[] =>
  typed.trim() === "?"
    ? OFFERED.map((ask) => ({ id: `ask:${ask}`, group: "Ask", title: ask, hint: "in a new chat", to: "/chat", search: { ask } }))
    : [];

const SELECTS = /^[a-zA-Z_][\w:]*\s*(?:\{[^}]*\}|\[\d+\w+\])/;
const CALLS =
  /^(?:sum|avg|min|max|count|stddev|quantile|topk|bottomk|rate|irate|increase|delta|deriv|histogram_quantile|absent|abs|ceil|floor|round|predict_linear|changes|resets|\w+_over_time|label_replace|sort|sort_desc|vector|time)\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(/;
/** A selector of streams; attributes of spans have a scope or a dot before them. */
const STREAMS = /^\{\s*[a-zA-Z_]\w*\s*(?:=|!=|=~|!~)\s*["`]/;
const SPANS = /^\{\s*(?:\.|(?:span|resource|event|link)\.|(?:status|duration|name|kind|rootName|rootServiceName|traceDuration)\s*[=!<>])/;

/** PromQL, LogQL or TraceQL leads to the page that asks it. */
export function queryOf(typed: string): Entry[] {
  const query = typed.trim();
  const entry = (what: string, to: Entry["to"], search: object): Entry[] => [
    { id: `query:${what}`, group: "Queries", title: `Query ${what}: ${query}`, hint: "of all clusters", pin: "first", to, search },
  ];
  if (SELECTS.test(query) || CALLS.test(query)) return entry("metrics", "/observability/metrics", { query: [query] });
  if (SPANS.test(query)) return entry("traces", "/observability/traces", { query });
  return STREAMS.test(query) ? entry("logs", "/observability/logs", { query }) : [];
}

/** `#123` is an event's place in the log, 32 hexadecimal digits are a trace. */
export function numberOf(typed: string): Entry[] {
  const said = typed.trim();
  const sequence = /^#\s*([1-9]\d{0,14})$/.exec(said)?.[1];
  if (sequence !== undefined) {
    return [{ id: `event:${sequence}`, group: "By id", title: `Event ${sequence}`, hint: "by its sequence", pin: "first", to: "/events", search: { event: Number(sequence) } }];
  }
  if (!/^[0-9a-f]{32}$/i.test(said)) return [];
  const trace = said.toLowerCase();
  return [{ id: `trace:${trace}`, group: "By id", title: `Trace ${trace}`, pin: "first", to: "/observability/traces", search: { trace } }];
}
