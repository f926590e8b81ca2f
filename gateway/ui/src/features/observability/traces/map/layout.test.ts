import { expect, test } from "vitest";

import { layoutOf } from "@/features/observability/traces/map/layout";
import type { MapEdge, MapNode } from "@/generated/api.schemas";

const node = (name: string): MapNode => ({ name, spans: 1, errors: 0, clusters: ["a"] });
const edge = (caller: string, callee: string): MapEdge => ({ caller, callee, calls: 1, errors: 0, p50_ms: 1, p95_ms: 1 });
const column = (layout: ReturnType<typeof layoutOf>, name: string) =>
  layout.nodes.find((each) => each.node.name === name)!.x;

test("calls go from left to right, and no boxes overlap", () => {
  const names = ["db", "cart", "shop", "pay", "gateway"];
  const edges = [edge("gateway", "shop"), edge("shop", "cart"), edge("shop", "pay"), edge("cart", "db"), edge("gateway", "db")];
  const layout = layoutOf(names.map(node), edges);
  const { box } = layout;
  for (const { caller, callee } of edges) expect(column(layout, caller)).toBeLessThan(column(layout, callee));
  for (const a of layout.nodes) {
    for (const b of layout.nodes) {
      if (a === b) continue;
      expect(Math.abs(a.x - b.x) >= box.width || Math.abs(a.y - b.y) >= box.height).toBe(true);
    }
    expect(a.x + box.width).toBeLessThanOrEqual(layout.width);
    expect(a.y + box.height).toBeLessThanOrEqual(layout.height);
  }
});

test("a call that passes a layer goes around its boxes", () => {
  const layout = layoutOf(["a", "b", "c"].map(node), [edge("a", "b"), edge("b", "c"), edge("a", "c")]);
  const long = layout.edges.find(({ edge: { caller, callee } }) => caller === "a" && callee === "c")!;
  const b = layout.nodes.find((each) => each.node.name === "b")!;
  const passing = long.points.slice(1, -1);
  expect(passing).toHaveLength(2);
  for (const { y } of passing) expect(y < b.y || y > b.y + layout.box.height).toBe(true);
});

test("circles of calls and calls of oneself are drawn as such, and end", () => {
  const layout = layoutOf(["a", "b"].map(node), [edge("a", "b"), edge("b", "a"), edge("a", "a")]);
  expect(layout.edges.filter(({ back }) => back)).toHaveLength(2);
});

test("calls of services that are not told are left out", () => {
  expect(layoutOf([node("a")], [edge("a", "gone")]).edges).toEqual([]);
});
