/** What the palette shows for what was typed. */

import { defaultFilter } from "cmdk";

import type { Path } from "@/lib/place";

export type Group = "Recent" | "Pages" | "Clusters" | "GPU nodes" | "Firing alerts" | "Actions";

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

const SHOWN: Readonly<Record<Group, number>> = { Recent: 6, Pages: 18, Clusters: 8, "GPU nodes": 5, "Firing alerts": 6, Actions: 20 };
const ORDER: readonly Group[] = ["Pages", "Clusters", "GPU nodes", "Firing alerts", "Actions"];

/** `:edge-3` looks for places only, `>dark` for actions only. */
export function asked(typed: string): { wanted: string; groups: readonly Group[] } {
  const wanted = typed.trim();
  if (wanted.startsWith(":")) return { wanted: wanted.slice(1).trim(), groups: ["Clusters", "GPU nodes", "Pages"] };
  if (wanted.startsWith(">")) return { wanted: wanted.slice(1).trim(), groups: ["Actions"] };
  return { wanted, groups: ORDER };
}

/** Groups with the best first; with nothing typed, what was chosen lately before all. */
export function find(entries: readonly Entry[], typed: string, recent: readonly string[]): Found[] {
  const { wanted, groups } = asked(typed);
  const mine = entries.filter(({ group }) => groups.includes(group));
  if (wanted === "") return unasked(mine, groups, typed.trim() === "" ? recent : []);
  const plain = mine.filter((entry) => has(entry, wanted.toLowerCase()));
  // Letters with others between them are looked for only where no name has them in one piece: it is slow.
  const scored = (plain.length > 0 ? plain : mine)
    .map((entry) => ({ entry, score: scoreOf(entry, wanted, recent) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score);
  // The group of the best comes first.
  const order = [...new Set(scored.map(({ entry }) => entry.group))];
  return order.map((group) => cut(group, scored.filter(({ entry }) => entry.group === group).map(({ entry }) => entry)));
}

function unasked(entries: readonly Entry[], groups: readonly Group[], recent: readonly string[]): Found[] {
  const again = recent.flatMap((id) => entries.find((entry) => entry.id === id) ?? []);
  const rest = groups.map((group) =>
    cut(group, entries.filter((entry) => entry.group === group && !again.includes(entry))),
  );
  return [cut("Recent", again), ...rest].filter(({ entries }) => entries.length > 0);
}

function cut(group: Group, entries: Entry[]): Found {
  const most = SHOWN[group];
  return { group, entries: entries.slice(0, most), more: Math.max(0, entries.length - most) };
}

const has = ({ title, words = [] }: Entry, typed: string): boolean =>
  title.toLowerCase().includes(typed) || words.some((word) => word.includes(typed));

function scoreOf({ id, title, words = [] }: Entry, wanted: string, recent: readonly string[]): number {
  const score = plainScore(title.toLowerCase(), wanted.toLowerCase()) || defaultFilter(title, wanted, words);
  // Letters that are merely strewn over a name are no find.
  if (score < 0.01) return 0;
  return score + (recent.includes(id) ? 0.05 : 0);
}

/** The whole name, its beginning, a word's beginning, somewhere; of two alike the shorter name first. */
function plainScore(name: string, typed: string): number {
  const at = name.indexOf(typed);
  if (at < 0) return 0;
  const place = name === typed ? 4 : at === 0 ? 3 : /[\s\-_./:]/.test(name[at - 1]!) ? 2 : 1;
  return place - name.length / 10_000;
}
