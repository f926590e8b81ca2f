/** The stream selector of a LogQL query, `{app="shop", pod!~"x.*"}`: read it, and change a part of it. */

export type Operator = "=" | "!=" | "=~" | "!~";

export interface Matcher {
  label: string;
  operator: Operator;
  value: string;
}

export interface Selector {
  /** Where it stands in the query, braces included. */
  start: number;
  end: number;
  matchers: readonly Matcher[];
}

const MATCHER = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*/y;

/** The first selector; undefined where there is none that can be read. */
export function readSelector(query: string): Selector | undefined {
  const start = openingBrace(query);
  if (start < 0) return undefined;
  const matchers: Matcher[] = [];
  let at = start + 1;
  for (;;) {
    MATCHER.lastIndex = at;
    const found = MATCHER.exec(query);
    if (!found) break;
    matchers.push({ label: found[1]!, operator: found[2] as Operator, value: unquoted(found[3]!) });
    at = MATCHER.lastIndex;
    if (query[at] === ",") at += 1;
  }
  const rest = /\s*\}/y;
  rest.lastIndex = at;
  return rest.test(query) ? { start, end: rest.lastIndex, matchers } : undefined;
}

export function writeSelector(matchers: readonly Matcher[]): string {
  return `{${matchers.map(({ label, operator, value }) => `${label}${operator}${quoted(value)}`).join(", ")}}`;
}

/** The query with other matchers in its selector; the rest of it stays. */
export function withMatchers(query: string, matchers: readonly Matcher[]): string {
  const told = writeSelector(matchers);
  const found = readSelector(query);
  if (found) return query.slice(0, found.start) + told + query.slice(found.end);
  return query.trim() === "" ? told : query;
}

/** The query narrowed by one more matcher; one that says what the label is takes the place of others. */
export function withMatcher(query: string, added: Matcher): string {
  const before = readSelector(query)?.matchers ?? [];
  const positive = added.operator === "=" || added.operator === "=~";
  const kept = before.filter(
    (each) =>
      each.label !== added.label ||
      (positive ? false : each.operator === "!=" || each.operator === "!~" ? !same(each, added) : true),
  );
  return withMatchers(query, [...kept, added]);
}

/** The query for those lines only in which the words stand. */
export function withWords(query: string, words: string): string {
  const found = readSelector(query);
  if (!found) return query;
  return `${query.slice(0, found.end)} |= ${quoted(words)}${query.slice(found.end)}`;
}

/** Values of one label as a matcher: one is equal, several are a pattern. */
export function matcherOf(label: string, values: readonly string[]): Matcher {
  if (values.length === 1) return { label, operator: "=", value: values[0]! };
  return { label, operator: "=~", value: values.map(literal).join("|") };
}

/** The values that a matcher of `matcherOf` stands for; none for other ones. */
export function valuesOf(matchers: readonly Matcher[], label: string): string[] {
  const found = matchers.find((each) => each.label === label);
  if (found?.operator === "=") return [found.value];
  if (found?.operator !== "=~") return [];
  const parts = found.value.split(/(?<!\\)\|/);
  const plain = parts.map((part) => part.replaceAll(/\\([^A-Za-z0-9])/g, "$1"));
  return plain.every((value, at) => literal(value) === parts[at]) ? plain : [];
}

/** Whether the query asks for lines; otherwise it makes numbers of them. */
export function asksForLines(query: string): boolean {
  return query.replaceAll(/^\s*#.*$/gm, "").trimStart().startsWith("{");
}

export const quoted = (text: string): string => JSON.stringify(text);

function openingBrace(query: string): number {
  // Strings and comments may hold braces that begin nothing.
  const token = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*|\{/g;
  for (const found of query.matchAll(token)) if (found[0] === "{") return found.index;
  return -1;
}

function unquoted(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

const literal = (text: string) => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
const same = (a: Matcher, b: Matcher) => a.operator === b.operator && a.value === b.value;
