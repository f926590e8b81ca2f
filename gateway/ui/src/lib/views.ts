/** Pages with their filters, kept by a name in this browser. What is broken in the storage or in a file counts as not there. */

import { create } from "zustand";
import { persist } from "zustand/middleware";

import { kept } from "@/lib/kept";
import { PAGES, pageOf } from "@/lib/pages";
import type { Path } from "@/lib/place";
import { isSecret } from "@/lib/secret";
import { parseSearch, stringifySearch, type Raw } from "@/lib/search";

export interface View {
  name: string;
  /** The page that it is of; there is one of a name for each page. */
  path: Path;
  /** `?severity=CRITICAL&from=now-6h`: relative times stay relative. */
  search: string;
  /** The page is opened with it. */
  isDefault: boolean;
}

export const MOST_VIEWS = 100;
export const LONGEST_NAME = 80;
/** What no address bar would hold is not kept either. */
const LONGEST_SEARCH = 4_000;
const UNFILTERED = new Set<string>(["/chat", "/settings"]);

/** Pages that have filters, by their very path: what is below them is one thing, and has a link. */
export const hasViews = (path: string): boolean => pageOf(path)?.to === path && !UNFILTERED.has(path);

/** What one looks at beside a page, whatever its filters are. */
const OPEN = new Set(["alert", "event", "letter", "open", "replay", "report", "signal", "silence", "span", "trace", "watch"]);
const NOT_KEPT = new Set(["as_of", "near", ...OPEN]);

/**
 * What of a page's search a view keeps, always in the same order. The instant is not of it: a view shows what
 * is there when it is opened. Nor is what is open beside the page: that is one thing, which a link shares.
 */
export function searchOf(search: object): string {
  const some = Object.entries(search).filter(([name]) => !NOT_KEPT.has(name));
  return stringifySearch(Object.fromEntries(some.toSorted(([a], [b]) => a.localeCompare(b))));
}

/** The search that opens a view: a range that it does not have is the page's own one, the instant stays. */
export const toOpen = ({ search }: Pick<View, "search">): object => ({ from: undefined, to: undefined, ...parseSearch(search) });

export const titleOf = (path: string): string => pageOf(path)?.title ?? path;

/** Why it cannot be kept; undefined where it can. */
export function whyNotKept(search: string): string | undefined {
  if (search.length > LONGEST_SEARCH) return "There is too much in this page's address to keep it.";
  return isSecret(decodeURIComponent(search.replaceAll("+", " ")))
    ? "Something in it looks like a token or a password: that is not kept in a browser."
    : undefined;
}

/** A view as it should be, or undefined for what somebody or something has broken. */
function readView(raw: unknown): View | undefined {
  const { name, path, search, isDefault } = (raw ?? {}) as Raw;
  if (typeof name !== "string" || typeof path !== "string" || typeof search !== "string") return undefined;
  const page = PAGES.find(({ to }) => to === path && hasViews(to));
  const said = name.trim().slice(0, LONGEST_NAME);
  const isSearch = search === "" || search.startsWith("?");
  if (page === undefined || said === "" || !isSearch) return undefined;
  const kept = searchOf(parseSearch(search));
  return whyNotKept(kept) !== undefined ? undefined : { name: said, path: page.to, search: kept, isDefault: isDefault === true };
}

/** Those of a list that are views, each once, and one default for each page. */
export function readViews(raw: unknown): View[] {
  const found = (Array.isArray(raw) ? raw : []).slice(0, 10 * MOST_VIEWS).flatMap((each) => readView(each) ?? []);
  const once = found.filter((view, at) => found.findIndex((each) => isSame(each, view)) === at).slice(0, MOST_VIEWS);
  const defaults = new Set<string>();
  return once.map((view) => {
    const isDefault = view.isDefault && !defaults.has(view.path);
    if (isDefault) defaults.add(view.path);
    return { ...view, isDefault };
  });
}

type Named = Pick<View, "name" | "path">;
const isSame = (a: Named, b: Named): boolean => a.path === b.path && a.name === b.name;

/** The same with another default; `of` undefined: none. */
const withDefault = (views: readonly View[], path: Path, of: string | undefined): View[] =>
  views.map((each) => (each.path === path ? { ...each, isDefault: each.name === of } : each));

/** The view's name, or one that is like it where another view of its page has that. */
function freeName({ name, path }: Named, taken: readonly Named[]): string {
  const isFree = (each: string) => !taken.some((view) => isSame(view, { name: each, path }));
  for (let at = 2, tried = name; ; at += 1) {
    if (isFree(tried)) return tried;
    const end = ` (${at})`;
    tried = name.slice(0, LONGEST_NAME - end.length) + end;
  }
}

interface Views {
  /** The latest first. */
  views: readonly View[];
  /** One of that name on that page is replaced. False: there are too many already. */
  save: (view: View) => boolean;
  rename: (view: Named, name: string) => void;
  remove: (view: Named) => void;
  /** The page opens with it, or without `name` as it is. */
  openWith: (path: Path, name: string | undefined) => void;
  /** How many were taken over from a file. */
  take: (views: readonly View[]) => number;
}

const KEY = "aiops.views";

export const useViews = create<Views>()(
  persist(
    (set, get) => ({
      views: [],
      save: (view) => {
        const others = get().views.filter((each) => !isSame(each, view));
        if (others.length >= MOST_VIEWS) return false;
        set({ views: [view, ...(view.isDefault ? withDefault(others, view.path, undefined) : others)] });
        return true;
      },
      rename: (view, name) => {
        const { views } = get();
        // One that is not there replaces nothing.
        if (!views.some((each) => isSame(each, view))) return;
        set({
          views: views
            .filter((each) => isSame(each, view) || !isSame(each, { ...view, name }))
            .map((each) => (isSame(each, view) ? { ...each, name } : each)),
        });
      },
      remove: (view) => set(({ views }) => ({ views: views.filter((each) => !isSame(each, view)) })),
      openWith: (path, name) => set(({ views }) => ({ views: withDefault(views, path, name) })),
      take: (taken) => {
        const own = get().views;
        // A file of somebody else changes no page unasked, and takes no view away: one that is called as an own one is called otherwise.
        const fresh = taken
          .filter((view) => !own.some((each) => isSame(each, view) && each.search === view.search))
          .slice(0, Math.max(0, MOST_VIEWS - own.length))
          .reduce<View[]>((all, view) => [...all, { ...view, name: freeName(view, [...own, ...all]), isDefault: false }], []);
        set({ views: [...fresh, ...own] });
        return fresh.length;
      },
    }),
    {
      name: KEY,
      version: 1,
      storage: kept(),
      partialize: ({ views }) => ({ views }),
      merge: (stored, now) => ({ ...now, views: readViews((stored as Raw | undefined)?.["views"]) }),
    },
  ),
);

window.addEventListener("storage", ({ key }) => {
  if (key === KEY) void useViews.persist.rehydrate();
});

/** What a file of views holds; undefined for one that is none. */
export function readFile(text: string): View[] | undefined {
  try {
    const raw = JSON.parse(text) as Raw | null;
    return Array.isArray(raw?.["views"]) ? readViews(raw["views"]) : undefined;
  } catch {
    return undefined;
  }
}

export const asFile = (views: readonly View[]): string => `${JSON.stringify({ views }, undefined, 2)}\n`;

/** The view that a page opens with, for one who comes to it without any filter; a link to one thing of it is as it is. */
export function defaultOf(path: string, search: object): View | undefined {
  const opens = Object.entries(search).some(([name, value]) => OPEN.has(name) && value !== undefined);
  const isPlain = !opens && searchOf({ ...search, from: undefined, to: undefined }) === "";
  return isPlain ? useViews.getState().views.find((view) => view.path === path && view.isDefault) : undefined;
}
