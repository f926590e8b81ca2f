/** TraceQL made of the parts of a search, as the hub makes it, and of `errors` that only TraceQL knows. */

import type { TracesSearch } from "@/features/observability/search";

export type Parts = Pick<TracesSearch, "service" | "operation" | "tag" | "min" | "max" | "errors">;

/** None of the parts, nor a query in their place. */
export const NO_PARTS = {
  query: undefined,
  service: undefined,
  operation: undefined,
  tag: undefined,
  min: undefined,
  max: undefined,
  errors: undefined,
} as const satisfies Record<keyof Parts | "query", undefined>;

/** Names of attributes that may stand in TraceQL as they are. */
const ATTRIBUTE = /^(?:(?:span|resource)\.)?[A-Za-z_][A-Za-z0-9_.:/-]*$/;
/** Attributes are typed: what looks like a number or a boolean is looked for as both. */
const BARE = /^(?:true|false|-?[0-9]{1,18}(?:\.[0-9]{1,18})?)$/;

export function traceqlOf({ service, operation, tag = [], min, max, errors }: Parts): string {
  const told = [
    service ? matching("resource.service.name", service) : undefined,
    operation ? matching("name", operation) : undefined,
    min === undefined ? undefined : `traceDuration >= ${min}ms`,
    max === undefined ? undefined : `traceDuration <= ${max}ms`,
    ...tag.map(tagged),
    errors ? "status = error" : undefined,
  ].filter((each) => each !== undefined);
  return told.length === 0 ? "{}" : `{ ${told.join(" && ")} }`;
}

/** `name=value` with a name that may stand in TraceQL. */
export function isTag(text: string): boolean {
  const at = text.indexOf("=");
  return at > 0 && ATTRIBUTE.test(text.slice(0, at).trim());
}

/** `*` stands for any text, `?` for one character. */
function matching(field: string, pattern: string): string | undefined {
  if (/^\*+$/.test(pattern)) return undefined;
  if (!/[*?]/.test(pattern)) return `${field} = ${JSON.stringify(pattern)}`;
  const escaped = pattern.replaceAll(/[\\.+()|[\]{}^$]/g, String.raw`\$&`);
  const regex = escaped.replaceAll("*", ".*").replaceAll("?", ".");
  return `${field} =~ ${JSON.stringify(`^${regex}$`)}`;
}

function tagged(text: string): string | undefined {
  if (!isTag(text)) return undefined;
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  const value = text.slice(at + 1).trim();
  const scoped = /^(?:span|resource)\./.test(name) ? name : `.${name}`;
  const told = `${scoped} = ${JSON.stringify(value)}`;
  return BARE.test(value) ? `(${told} || ${scoped} = ${value})` : told;
}
