import { expect, test } from "vitest";

import { paramsOf, rowsOf, withStates } from "@/features/clusters/list/rows";
import { cluster, ID, listOf } from "@/features/clusters/testing/data";
import type { LiveEvent } from "@/lib/live";

const pages = (...lists: ReturnType<typeof listOf>[]) => ({ pages: lists, pageParams: [1, 2] });
const event = (id: string, payload: object) =>
  ({ cluster_id: id, timestamp: "2026-03-04T13:00:00Z", payload }) as LiveEvent;

test("what the URL says is what the hub is asked for", () => {
  expect(paramsOf({ name: "Edge", type: ["EDGE"], gpu: false, label: ["a=b"] })).toEqual({
    name: "edge",
    cluster_type: ["EDGE"],
    has_gpu: false,
    label: ["a=b"],
    sort: "name",
  });
});

test("a cluster that has moved to the next page is listed once", () => {
  const [a, b] = [cluster({ id: "a" }), cluster({ id: "b" })];
  expect(rowsOf(pages(listOf([a, b]), listOf([b]))).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("a change of state is seen in its row, and in no other", () => {
  const other = cluster({ id: "other" });
  const before = pages(listOf([cluster(), other]));
  const status = { state: "OFFLINE", health_score: 0 };
  const after = withStates(before, [event(ID, { status, recent: [true, false] })])!;
  expect(after.pages[0]!.items[0]).toMatchObject({ status, last_seen_at: "2026-03-04T12:00:00Z" });
  expect(after.pages[0]!.items[1]).toBe(other);
});

test("a cluster that answered was seen then", () => {
  const after = withStates(pages(listOf([cluster()])), [event(ID, { status: { state: "ONLINE" }, recent: [true] })])!;
  expect(after.pages[0]!.items[0]!.last_seen_at).toBe("2026-03-04T13:00:00Z");
});

test("an event of a cluster that is not listed changes nothing", () => {
  const before = pages(listOf([cluster()]));
  expect(withStates(before, [event("elsewhere", { status: {}, recent: [] })])).toBe(before);
});
