import { expect, test } from "vitest";

import { find } from "@/app/palette/find";
import { resourcesOf } from "@/app/palette/resources";

const places = (typed: string, rules = true) => resourcesOf(typed, rules).map(({ to, search }) => [to, search]);

test.each([
  [":node", ["/gpu", { tab: "nodes" }]],
  [":no", ["/gpu", { tab: "nodes" }]],
  [":pod", ["/cnf", {}]],
  [": GPU", ["/gpu", {}]],
  [":dlq", ["/operations", { tab: "letters" }]],
  [":pod upf-1", ["/cnf", { q: "upf-1" }]],
  [":ctx edge 2", ["/clusters", { name: "edge 2" }]],
])("%s leads to the page that lists them", (typed, place) => expect(places(typed)[0]).toEqual(place));

test("a name that is typed out comes before one that begins so", () => {
  expect(resourcesOf(":an", true)[0]?.title).toBe("Anomalies");
  expect(resourcesOf(":al", true)[0]?.title).toBe("Alerts");
});

test("what is for administrators is not offered to others, and without a colon nothing is", () => {
  expect(places(":dlq", false)).toEqual([]);
  expect(places("node")).toEqual([]);
  expect(resourcesOf(":", false).length).toBeGreaterThan(15);
});

test("words after a kind without a filter lead nowhere", () => expect(places(":silence x")).toEqual([]));

test("they are found before clusters that are called alike", () => {
  const cluster = { id: "c", group: "Clusters", title: "nodes-1" } as const;
  expect(find([cluster, ...resourcesOf(":node", true)], ":node", [])[0]?.group).toBe("Resources");
});
