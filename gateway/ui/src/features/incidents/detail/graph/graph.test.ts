import { expect, test } from "vitest";

import { graphOf, keyOf } from "@/features/incidents/detail/graph/graph";
import { analysis, causalEdge as edge, CLUSTER, entity } from "@/features/incidents/testing";

const places = (of: Parameters<typeof graphOf>[0], most?: number) =>
  graphOf(of, most).nodes.map((node) => node.entity.place);

test("the cause stands first, then what is near to it", () => {
  const edges = [edge("pod/a", "service/b"), edge("node/worker-3", "pod/a"), edge("node/x", "pod/y")];
  expect(places(analysis({ edges }))).toEqual(["node/worker-3", "pod/a", "service/b", "node/x", "pod/y"]);
});

test("what two are said to have to do with each other is one edge, drawn as the surest of it", () => {
  const edges = [edge("node/a", "pod/b", "TOPOLOGY", 1), edge("node/a", "pod/b", "TEMPORAL", 0.6)];
  expect(graphOf(analysis({ edges })).edges).toEqual([
    { from: `${CLUSTER}/node/a`, to: `${CLUSTER}/pod/b`, kinds: ["TEMPORAL", "TOPOLOGY"], weight: 1 },
  ]);
});

test("of more than fit the farthest are left out, with their edges", () => {
  const edges = Array.from({ length: 60 }, (_, at) => edge("node/worker-3", `pod/${at}`, "TEMPORAL", 1 - at / 100));
  const graph = graphOf(analysis({ edges }), 10);
  expect(graph.nodes).toHaveLength(10);
  expect(graph.edges).toHaveLength(9);
  expect(graph.left).toBe(51);
  expect(graph.nodes[1]!.entity.place).toBe("pod/0");
});

test("each knows whether it is a candidate, and what happened to it, in order", () => {
  const moment = (at: string, sequence: number) => ({ at, entity: entity("node/worker-3"), text: `${sequence}`, sequence });
  const timeline = [moment("2026-01-31T12:05:00Z", 2), moment("2026-01-31T12:00:00Z", 1)];
  const { nodes } = graphOf(analysis({ edges: [edge("node/worker-3", "workload/shop/cart")], timeline }));
  expect(nodes.map(({ rank }) => rank)).toEqual([0, 1]);
  expect(nodes[0]!.moments.map(({ sequence }) => sequence)).toEqual([1, 2]);
});

test("without edges there is no graph, and nothing leads to itself", () => {
  expect(graphOf(analysis()).nodes).toEqual([]);
  expect(graphOf(analysis({ edges: [edge("node/a", "node/a")] })).edges).toEqual([]);
});

test("the same place in two clusters is two entities", () => {
  expect(keyOf(entity("node/a"))).not.toBe(keyOf({ ...entity("node/a"), cluster_id: "other" }));
});

test("what a node explains better is not drawn again between the pods that it explains", () => {
  const pods = ["pod/a", "pod/b"];
  const edges = [
    ...pods.map((pod) => edge("node/worker-3", pod, "TEMPORAL", 1)),
    edge("pod/a", "pod/b", "TEMPORAL", 0.8),
    edge("pod/b", "pod/a", "CORRELATION", 0.8),
  ];
  const graph = graphOf(analysis({ edges }));
  expect(graph.edges).toHaveLength(4);
  expect(graph.main.map(({ from, to }) => [from, to])).toEqual(pods.map((pod) => [`${CLUSTER}/node/worker-3`, `${CLUSTER}/${pod}`]));
});

test("of two that may have led to each other the surer one is drawn", () => {
  const { main } = graphOf(analysis({ edges: [edge("pod/b", "pod/a", "CORRELATION"), edge("pod/a", "pod/b")] }));
  expect(main.map(({ from }) => from)).toEqual([`${CLUSTER}/pod/a`]);
});

test("that one is called by the other does not make it likelier that it led to anything", () => {
  const edges = [edge("service/b", "pod/a", "CALLS", 1), edge("service/b", "pod/a", "CORRELATION", 0.4)];
  const [joined] = graphOf(analysis({ edges })).edges;
  expect(joined).toMatchObject({ kinds: ["CORRELATION", "CALLS"], weight: 0.4 });
});

test("calls are drawn beside what explains best, and two that call each other are both there", () => {
  const edges = [edge("node/a", "pod/b"), edge("service/c", "pod/b", "CALLS", 1), edge("pod/b", "service/c", "CALLS", 1)];
  expect(graphOf(analysis({ edges })).main.map(({ kinds }) => kinds[0])).toEqual(["TEMPORAL", "CALLS", "CALLS"]);
});
