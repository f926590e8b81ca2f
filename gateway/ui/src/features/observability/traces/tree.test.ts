import { expect, test } from "vitest";

import { between, duration } from "@/features/observability/traces/duration";
import { aboveOf, mentions, rowsOf, servicesOf, treeOf } from "@/features/observability/traces/tree";
import type { TraceSpan } from "@/generated/api.schemas";

const span = (id: string, parent: string | null, start: number, more: Partial<TraceSpan> = {}): TraceSpan => ({
  span_id: id,
  parent_span_id: parent,
  operation_name: `op ${id}`,
  service_name: "shop",
  cluster_id: "c",
  cluster_name: "edge-1",
  start_time: `2026-11-26T04:00:00.${String(start).padStart(3, "0")}000000Z`,
  duration_ms: 10,
  status: "UNSET",
  tags: {},
  logs: [],
  ...more,
});
const ids = (tree: ReturnType<typeof treeOf>, folded: string[] = []) =>
  rowsOf(tree, new Set(folded)).map(({ span: { span_id }, depth }) => `${"-".repeat(depth)}${span_id}`);

test("children stand under their parents by time, however they came", () => {
  const tree = treeOf([span("c", "a", 30), span("b", "a", 20), span("a", null, 10), span("d", "b", 25)], []);
  expect(ids(tree)).toEqual(["a", "-b", "--d", "-c"]);
  expect(tree.byId.get("a")).toMatchObject({ start: 0, below: 3 });
  expect(tree.length).toBe(30);
  expect(ids(tree, ["b"])).toEqual(["a", "-b", "-c"]);
  expect(aboveOf(tree, "d")).toEqual(["b", "a"]);
});

test("a span whose parent is not there is a root, and is counted", () => {
  const tree = treeOf([span("x", "gone", 5), span("a", null, 10)], []);
  expect(ids(tree)).toEqual(["a", "x"]);
  expect(tree.orphans).toBe(1);
});

test("spans that name each other as parents are all shown", () => {
  const tree = treeOf([span("a", "b", 1), span("b", "a", 2), span("me", "me", 3)], []);
  expect(ids(tree)).toEqual(["a", "-b", "me"]);
});

test("ten thousand spans in one chain are a tree in no time", () => {
  const chain = Array.from({ length: 10_000 }, (_, at) => span(`s${at}`, at === 0 ? null : `s${at - 1}`, 1));
  chain[9_999]!.status = "ERROR";
  const before = performance.now();
  const tree = treeOf(chain, []);
  expect(rowsOf(tree, new Set())).toHaveLength(10_000);
  expect(tree.byId.get("s0")).toMatchObject({ below: 9_999, errorsBelow: 1 });
  expect(performance.now() - before).toBeLessThan(1_000);
});

test("the critical path is told by the spans that it goes through", () => {
  const segment = { span_id: "a", start_time: "2026-11-26T04:00:00.013000000Z", duration_ms: 4 };
  const tree = treeOf([span("a", null, 10)], [segment]);
  expect(tree.byId.get("a")!.critical).toEqual([{ start: 3, length: 4 }]);
});

test("words are found in names, tags and logs", () => {
  const tags = { "http.route": "/cart", code: 500 };
  const logs = [{ timestamp: "2026-11-26T04:00:00Z", name: "exception", fields: { type: "Timeout" } }];
  const node = treeOf([span("a", null, 1, { tags, logs })], []).byId.get("a")!;
  for (const words of ["OP A", "/cart", "code=500", "timeout", "edge-1"]) expect(mentions(node, words)).toBe(true);
  expect(mentions(node, "payment")).toBe(false);
});

test("services come with how much of the trace they are", () => {
  const spans = [span("a", null, 1), span("b", "a", 1, { service_name: "cart", status: "ERROR" }), span("c", "a", 1)];
  expect(servicesOf(spans)).toEqual([
    { name: "shop", spans: 2, errors: 0 },
    { name: "cart", spans: 1, errors: 1 },
  ]);
});

test("no nanosecond is lost between two times", () => {
  expect(between("2026-11-26T04:00:00.999999999Z", "2026-11-26T04:00:01.000000001Z")).toBeCloseTo(0.000002, 9);
  expect(between("2026-11-26T04:00:01Z", "2026-11-26T04:00:00.5Z")).toBe(-500);
});

test.each([
  [0, "0 ms"],
  [0.0004, "0.4 µs"],
  [0.35, "350 µs"],
  [72.728, "72.7 ms"],
  [1_029, "1.03 s"],
  [90_000, "1.5 min"],
])("%d milliseconds are %s", (value, text) => {
  expect(duration(value)).toBe(text);
});
