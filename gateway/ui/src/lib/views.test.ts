import { beforeEach, expect, test } from "vitest";

import { asFile, defaultOf, hasViews, MOST_VIEWS, readFile, readViews, searchOf, toOpen, useViews, whyNotKept, type View } from "@/lib/views";

const view = (name: string, more: Partial<View> = {}): View => ({ name, path: "/alerts", search: "?severity=CRITICAL", isDefault: false, ...more });
const kept = () => useViews.getState().views;
const names = () => kept().map(({ name }) => name);

beforeEach(() => useViews.setState({ views: [] }));

test("what is kept is the page's search without the instant, with relative times, whatever their order", () => {
  const search = { to: "now", severity: ["CRITICAL", "WARNING"], as_of: "2026-03-04T12:00:00Z", from: "now-6h", group: undefined };
  expect(searchOf(search)).toBe("?from=now-6h&severity=CRITICAL&severity=WARNING&to=now");
  expect(toOpen(view("a", { search: searchOf(search) }))).toEqual({ from: "now-6h", to: "now", severity: ["CRITICAL", "WARNING"] });
});

test("what is open beside the page is not kept", () => {
  expect(searchOf({ near: "cluster:c", alert: "a", state: ["FIRING"] })).toBe("?state=FIRING");
  expect(searchOf({ open: "c", event: 3, watch: "new" })).toBe("");
});

test("a view without a range opens with the page's own one, not with the one that is there", () => {
  expect(toOpen(view("a"))).toEqual({ from: undefined, to: undefined, severity: "CRITICAL" });
});

test.each([
  ["/alerts", true],
  ["/observability/metrics", true],
  ["/incidents/42", false],
  ["/clusters/add", false],
  ["/settings", false],
  ["/nowhere", false],
])("%s has views: %s", (path, has) => expect(hasViews(path)).toBe(has));

test("one of a name on a page is replaced, and there is one default", () => {
  const { save } = useViews.getState();
  save(view("mine", { isDefault: true }));
  save(view("other", { isDefault: true }));
  save(view("mine", { search: "?state=FIRING" }));
  save(view("mine", { path: "/events", search: "", isDefault: true }));
  expect(names()).toEqual(["mine", "mine", "other"]);
  expect(kept().filter(({ isDefault }) => isDefault).map(({ name, path }) => [name, path])).toEqual([
    ["mine", "/events"],
    ["other", "/alerts"],
  ]);
});

test("there is an end to how many are kept", () => {
  useViews.setState({ views: Array.from({ length: MOST_VIEWS }, (_, at) => view(`v${at}`)) });
  expect(useViews.getState().save(view("one more"))).toBe(false);
  expect(useViews.getState().save(view("v3", { search: "" }))).toBe(true);
  expect(kept()).toHaveLength(MOST_VIEWS);
});

test("renaming to one that is there replaces that one", () => {
  const { save, rename, remove } = useViews.getState();
  save(view("a"));
  save(view("b", { search: "?state=FIRING" }));
  rename(view("a"), "b");
  rename(view("a"), "b");
  expect(kept()).toEqual([view("b")]);
  remove(view("b"));
  expect(kept()).toEqual([]);
});

test("what is broken is passed over, what is too long is cut, and nothing crashes", () => {
  const good = view("good", { search: "?severity=CRITICAL" });
  const broken = [null, 1, "x", {}, view(""), view("a", { path: "/nowhere" as never }), view("b", { search: "javascript:x" }), { ...good, search: 3 }];
  expect(readViews([...broken, good, good])).toEqual([good]);
  expect(readViews([view("x".repeat(500))])[0]!.name).toHaveLength(80);
  expect(readViews([view("big", { search: `?q=${"x".repeat(5_000)}` })])).toEqual([]);
  expect(readViews("nonsense")).toEqual([]);
});

test("a storage that somebody has broken counts as empty", async () => {
  localStorage.setItem("aiops.views", JSON.stringify({ state: { views: [{ name: 3 }, view("good")] }, version: 1 }));
  await useViews.persist.rehydrate();
  expect(names()).toEqual(["good"]);
  localStorage.setItem("aiops.views", "{");
  await useViews.persist.rehydrate();
  expect(names()).toEqual(["good"]);
});

test("what looks like a secret is not kept", () => {
  expect(whyNotKept(searchOf({ query: 'up{token="abc"}' }))).toMatch(/token/);
  expect(whyNotKept(searchOf({ query: "up" }))).toBeUndefined();
  expect(readViews([view("a", { search: searchOf({ query: "Bearer abc" }) })])).toEqual([]);
});

test("a file gives back what it was made of, and changes no default", () => {
  const { take } = useViews.getState();
  const file = asFile([view("a", { isDefault: true }), view("b", { path: "/events" })]);
  expect(take(readFile(file)!)).toBe(2);
  expect(kept()).toEqual([view("a"), view("b", { path: "/events" })]);
  expect(readFile("{}")).toBeUndefined();
  expect(readFile("no json")).toBeUndefined();
});

test("an import takes no own view away: of the same name it is another one, and the same one is not taken", () => {
  const own = view("a", { isDefault: true });
  useViews.setState({ views: [own] });
  const { take } = useViews.getState();
  expect(take([view("a", { search: "?state=FIRING" }), view("a (2)"), own])).toBe(2);
  expect(kept()).toEqual([view("a (2)", { search: "?state=FIRING" }), view("a (2) (2)"), own]);
  const full = Array.from({ length: MOST_VIEWS }, (_, at) => view(`v${at}`));
  useViews.setState({ views: full });
  expect(take([view("theirs"), view("v0", { search: "" })])).toBe(0);
  expect(kept()).toEqual(full);
});

test("a default is for who comes without a filter; a range is none", () => {
  useViews.getState().save(view("a", { isDefault: true }));
  expect(defaultOf("/alerts", { from: "now-6h", as_of: "2026-03-04T12:00:00Z" })?.name).toBe("a");
  expect(defaultOf("/alerts", { state: ["FIRING"] })).toBeUndefined();
  expect(defaultOf("/alerts", { near: "cluster:c" })?.name).toBe("a");
  expect(defaultOf("/alerts", { alert: "a" })).toBeUndefined();
  expect(defaultOf("/events", {})).toBeUndefined();
});
