import { expect, test } from "vitest";

import { find, type Entry } from "@/app/palette/find";

const page = (title: string): Entry => ({ id: `page:${title}`, group: "Pages", title });
const cluster = (title: string): Entry => ({ id: `cluster:${title}`, group: "Clusters", title });
const action = (title: string, words: string[] = []): Entry => ({ id: `action:${title}`, group: "Actions", title, words });
const ENTRIES = [
  page("Fleet"),
  page("Alerts"),
  ...Array.from({ length: 1000 }, (_, at) => cluster(`edge-${at}`)),
  cluster("alpha"),
  action("Theme: dark", ["night"]),
  action("Log out"),
];
const titles = (typed: string, recent: string[] = []) =>
  find(ENTRIES, typed, recent).flatMap(({ entries }) => entries.map(({ title }) => title));

test("a name that was typed out is the first of a thousand", () => {
  expect(titles("edge-3")[0]).toBe("edge-3");
  expect(titles("edge-999")[0]).toBe("edge-999");
});

test("letters with others between them find it", () => {
  expect(titles("e42")).toContain("edge-42");
  expect(titles("thdark")[0]).toBe("Theme: dark");
});

test("what something is also called finds it", () => expect(titles("night")).toEqual(["Theme: dark"]));

test("the group of the best comes first", () => {
  expect(find(ENTRIES, "alp", [])[0]?.group).toBe("Clusters");
  expect(find(ENTRIES, "alert", [])[0]?.group).toBe("Pages");
});

test("`:` looks for places, `>` for actions", () => {
  expect(find(ENTRIES, ":al", []).map(({ group }) => group)).not.toContain("Actions");
  expect(titles(":edge-7")[0]).toBe("edge-7");
  expect(find(ENTRIES, ">", []).map(({ group }) => group)).toEqual(["Actions"]);
});

test("with nothing typed the lately chosen come first, and each comes once", () => {
  const found = find(ENTRIES, "", ["cluster:edge-500", "gone", "page:Alerts"]);
  expect(found[0]).toMatchObject({ group: "Recent", entries: [{ title: "edge-500" }, { title: "Alerts" }] });
  expect(found.find(({ group }) => group === "Pages")?.entries.map(({ title }) => title)).toEqual(["Fleet"]);
});

test("few are shown, and how many more there are is said", () => {
  const clusters = find(ENTRIES, "edge", []).find(({ group }) => group === "Clusters");
  expect(clusters?.entries).toHaveLength(8);
  expect(clusters?.more).toBe(992);
});

test("what nothing is called finds nothing", () => expect(find(ENTRIES, "zzzz", [])).toEqual([]));

test("what was made of the typed is found whatever it is called, before all or after all", () => {
  const entries: Entry[] = [{ id: "ask", group: "Ask", title: "Ask: edge-3", pin: "last" }, ...ENTRIES, { id: "id", group: "By id", title: "Nodes are lost", pin: "first" }];
  const found = find(entries, "edge-3", []);
  expect(found[0]?.group).toBe("By id");
  expect(found.at(-1)?.group).toBe("Ask");
  expect(find(entries, "zzzz", []).map(({ group }) => group)).toEqual(["By id", "Ask"]);
});

test("`?` is for questions only", () => {
  const entries: Entry[] = [{ id: "ask", group: "Ask", title: "Ask: log out", pin: "first" }, ...ENTRIES];
  expect(find(entries, "?log out", []).map(({ group }) => group)).toEqual(["Ask"]);
});

test("of those that are found as well the lately chosen comes first, what is found better stays before it", () => {
  expect(titles("edge-2", ["cluster:edge-250"]).slice(0, 3)).toEqual(["edge-2", "edge-250", "edge-20"]);
});

test("with nothing typed a few of each are shown, with `>` all that can be done", () => {
  const many = Array.from({ length: 20 }, (_, at) => action(`Action ${at}`));
  expect(find(many, "", [])).toMatchObject([{ group: "Actions", entries: { length: 5 }, more: 15 }]);
  expect(find(many, ">", [])).toMatchObject([{ group: "Actions", entries: { length: 20 }, more: 0 }]);
});
