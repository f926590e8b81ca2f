/** What the palette shows for what was typed. */

import { defaultFilter } from "cmdk";

import type { Path } from "@/lib/place";

export type Group =
  | "Recent"
  | "On this page"
  | "By id"
  | "Queries"
  | "Resources"
  | "Pages"
  | "Views"
  | "Clusters"
  | "GPU nodes"
  | "Firing alerts"
  | "Actions"
  | "Ask";

export interface Entry {
  /** The same as long as it is the same thing. */
  id: string;
  group: Exclude<Group, "Recent">;
  title: string;
  /** What it is, or how it stands. */
  hint?: string;
  /** Other words that find it. */
  words?: string[];
  /** Keys that do the same. */
  keys?: string;
  /** It was made of what was typed, so that it is found whatever its title: before all else, or after it. */
  pin?: "first" | "last";
  to?: Path;
  search?: object;
  run?: () => void;
}

export interface Found {
  group: Group;
  entries: Entry[];
  /** So many more are there than are shown. */
  more: number;
}

const SHOWN: Readonly<Record<Group, number>> = {
  Recent: 6,
  "On this page": 10,
  "By id": 6,
  Queries: 3,
  Resources: 30,
  Pages: 18,
  Views: 8,
  Clusters: 8,
  "GPU nodes": 5,
  "Firing alerts": 6,
  Actions: 24,
  Ask: 4,
};
/** With nothing typed: what is not shown need not be drawn before the palette is there. */
const AT_FIRST: Readonly<Partial<Record<Group, number>>> = { "On this page": 6, Views: 5, Clusters: 4, "Firing alerts": 3, Actions: 5 };
const ORDER: readonly Group[] = [
  "On this page",
  "By id",
  "Queries",
  "Pages",
  "Views",
  "Clusters",
  "GPU nodes",
  "Firing alerts",
  "Actions",
  "Ask",
];
/** What a first letter narrows it down to: `:edge-3` and `:node` places, `>dark` what can be done, `?` what can be asked. */
const NARROWED: Readonly<Record<string, readonly Group[]>> = {
  ":": ["Resources", "Clusters", "GPU nodes", "Pages"],
  ">": ["On this page", "Actions"],
  "?": ["Ask"],
};

export function asked(typed: string): { wanted: string; groups: readonly Group[] } {
  const wanted = typed.trim();
  const groups = NARROWED[wanted.charAt(0)];
  return groups === undefined ? { wanted, groups: ORDER } : { wanted: wanted.slice(1).trim(), groups };
}

/** Groups with the best first; with nothing typed, what was chosen lately before all. */
export function find(entries: readonly Entry[], typed: string, recent: readonly string[]): Found[] {
  const { wanted, groups } = asked(typed);
  const mine = entries.filter(({ group }) => groups.includes(group));
  if (wanted === "") return typed.trim() === "" ? unasked(mine, groups, recent, AT_FIRST) : unasked(mine, groups, []);
  const named = mine.filter(({ pin }) => pin === undefined);
  const plain = named.filter((entry) => has(entry, wanted.toLowerCase()));
  // Letters with others between them are looked for only where no name has them in one piece: it is slow.
  const scored = (plain.length > 0 ? plain : named)
    .map((entry) => ({ entry, score: scoreOf(entry, wanted, recent) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score);
  // The group of the best comes first.
  const sorted = [...pinned(mine, "first"), ...scored.map(({ entry }) => entry), ...pinned(mine, "last")];
  const order = [...new Set(sorted.map(({ group }) => group))];
  return order.map((group) => cut(group, sorted.filter((entry) => entry.group === group)));
}

const pinned = (entries: readonly Entry[], where: Entry["pin"]) => entries.filter(({ pin }) => pin === where);

function unasked(entries: readonly Entry[], groups: readonly Group[], recent: readonly string[], most: typeof AT_FIRST = {}): Found[] {
  const again = recent.flatMap((id) => entries.find((entry) => entry.id === id) ?? []);
  const rest = groups.map((group) =>
    cut(group, entries.filter((entry) => entry.group === group && !again.includes(entry)), most[group]),
  );
  return [cut("Recent", again), ...rest].filter(({ entries }) => entries.length > 0);
}

function cut(group: Group, entries: Entry[], most = SHOWN[group]): Found {
  return { group, entries: entries.slice(0, most), more: Math.max(0, entries.length - most) };
}

const has = ({ title, words = [] }: Entry, typed: string): boolean =>
  title.toLowerCase().includes(typed) || words.some((word) => word.includes(typed));

/** What was chosen lately comes before what is found as well as it, never before what is found better. */
const LATELY = 0.5;

function scoreOf({ id, title, words = [] }: Entry, wanted: string, recent: readonly string[]): number {
  const score = plainScore(title.toLowerCase(), wanted.toLowerCase()) || defaultFilter(title, wanted, words);
  // Letters that are merely strewn over a name are no find.
  if (score < 0.01) return 0;
  return score + (recent.includes(id) ? LATELY : 0);
}

/** The whole name, its beginning, a word's beginning, somewhere; of two alike the shorter name first. */
function plainScore(name: string, typed: string): number {
  const at = name.indexOf(typed);
  if (at < 0) return 0;
  const place = name === typed ? 4 : at === 0 ? 3 : /[\s\-_./:]/.test(name[at - 1]!) ? 2 : 1;
  return place - name.length / 10_000;
}
