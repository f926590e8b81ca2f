import { expect, test } from "vitest";

import { cell, chartOf, figuresOf, tableOf, valuesOf } from "@/features/chat/results/shapes";

test("the longest list of objects is a table, with what tells the most first", () => {
  const data = { total: 2, items: [{ id: "a", labels: { x: 1 }, severity: "CRITICAL", alertname: "Down" }, { id: "b", alertname: "Up" }], missing: [] };
  expect(tableOf(data)).toMatchObject({ name: "items", columns: ["alertname", "severity", "labels", "id"] });
  expect(figuresOf(data)).toEqual([["total", "2"]]);
  expect(tableOf({ total: 0 })).toBeUndefined();
  expect(tableOf("nothing")).toBeUndefined();
});

test("series over a time are a chart over what was asked", () => {
  const series = [
    { cluster_name: "edge-1", metric: { node: "a" }, values: [[100, "1"], [160, "2"]] },
    { cluster_name: "edge-1", metric: { node: "b" }, values: [[100, "3"], [160, "+Inf"]] },
  ];
  const found = chartOf({ series }, { query: "up", start_time: "1970-01-01T00:00:00Z" });
  expect(found).toMatchObject({ start: 0, end: 160_000, step: 60_000, lines: [{ name: "a" }, { name: "b" }] });
  expect(chartOf({ series: [{ values: [[100, "1"]] }] }, { query: "up" })).toBeUndefined();
});

test("values at one time are rows", () => {
  const data = { series: [{ cluster_name: "edge-1", metric: { __name__: "up", job: "node" }, values: [[1, "1"]] }, { values: [[1, "NaN"]] }] };
  expect(valuesOf(data)).toEqual({
    name: "series",
    columns: ["cluster", "metric", "job", "value"],
    rows: [{ cluster: "edge-1", metric: "up", job: "node", value: 1 }, { value: "NaN" }],
  });
});

test("a cell is short, whatever stands in it", () => {
  expect(cell(0.1 + 0.2)).toBe("0.3");
  expect(cell("0199c0de-0000-7000-8000-000000000001")).toBe("0199c0de");
  expect(cell(["a", "b", "c", "d"])).toBe("a, b, c and 1 more");
  expect(cell({ a: 1, b: true })).toBe("a=1 b=yes");
  expect(cell(null)).toBe("");
});
