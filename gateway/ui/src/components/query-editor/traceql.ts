/** What TraceQL is completed with: what its language has. */

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";

const options = (type: string, names: string): Completion[] => names.split(" ").map((label) => ({ label, type }));

const FIELDS: Completion[] = [
  ...options("property", "name status statusMessage kind duration rootName rootServiceName traceDuration"),
  ...options(
    "property",
    "resource.service.name resource.k8s.cluster.name resource.k8s.namespace.name resource.k8s.pod.name " +
      "span.http.method span.http.status_code span.http.route span.db.system event.name",
  ),
];
const STATUSES = options("keyword", "error ok unset");
const KINDS = options("keyword", "server client producer consumer internal unspecified");
const STAGES = options("function", "count() avg( max( min( sum( by( select( coalesce() rate() quantile_over_time(");

export function completeTraceql(context: CompletionContext): CompletionResult | null {
  const before = context.state.sliceDoc(0, context.pos);
  const inBraces = before.lastIndexOf("{") > before.lastIndexOf("}");
  const word = /[\w.]*$/.exec(before)![0];
  const from = context.pos - word.length;
  const lead = before.slice(0, from);
  if (/"[^"]*$/.test(lead.replaceAll(/"[^"]*"/g, ""))) return null;
  if (/\bstatus\s*!?=\s*$/.test(lead)) return { from, options: STATUSES };
  if (/\bkind\s*!?=\s*$/.test(lead)) return { from, options: KINDS };
  if (inBraces && /(?:[{(]|&&|\|\|)\s*$/.test(lead)) return { from, options: FIELDS, validFor: /^[\w.]*$/ };
  if (!inBraces && /\|\s*$/.test(lead)) return { from, options: STAGES, validFor: /^\w*$/ };
  return null;
}
