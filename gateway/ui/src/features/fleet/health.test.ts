import { expect, test } from "vitest";

import { countStates, foldHealth, meanScore, worstFirst } from "@/features/fleet/health";
import { cluster } from "@/features/fleet/testing";

const changed = (id: string, logged_at: string) => ({
  event_type: "CLUSTER_STATUS_CHANGED",
  timestamp: "2026-01-31T10:00:00Z",
  logged_at,
  payload: {
    cluster_id: id,
    old_state: "ONLINE",
    new_state: "OFFLINE",
    health_score: 0,
    reason: "it does not answer",
    recent: [],
    status: { state: "OFFLINE", connectivity: "DISCONNECTED" },
  },
});

test("a change is folded in; the others stay the same objects, so that they are not drawn anew", () => {
  const before = [cluster("a"), cluster("b")];
  const after = foldHealth(before, [changed("a", "2026-01-31T12:05:00Z")]);
  expect(after[0]).toMatchObject({ state: "OFFLINE", health_score: 0, last_error: "it does not answer" });
  expect(after[0]!.changed_at, "when the hub heard of it, as the hub itself says").toBe("2026-01-31T12:05:00Z");
  expect(after[1]).toBe(before[1]);
});

test("an event that is older than what was read changes nothing", () => {
  const before = [cluster("a")];
  expect(foldHealth(before, [changed("a", "2026-01-31T11:00:00Z")])[0]).toBe(before[0]);
});

test("a deleted cluster goes", () => {
  const gone = { event_type: "CLUSTER_DELETED", timestamp: "2026-01-31T12:05:00Z", logged_at: null, payload: { cluster_id: "a", name: "a" } };
  expect(foldHealth([cluster("a"), cluster("b")], [gone]).map(({ id }) => id)).toEqual(["b"]);
});

test("worst first: by state, then by score, then by name as people count", () => {
  const clusters = [
    cluster("edge-10"),
    cluster("edge-2"),
    cluster("low", { state: "DEGRADED", health_score: 20 }),
    cluster("mid", { state: "DEGRADED", health_score: 60 }),
    cluster("off", { state: "OFFLINE", health_score: 0 }),
  ];
  expect(clusters.toSorted(worstFirst).map(({ name }) => name)).toEqual(["off", "low", "mid", "edge-2", "edge-10"]);
});

test("a cluster without a score does not lower the mean", () => {
  const clusters = [cluster("a", { health_score: 50 }), cluster("b", { state: "UNKNOWN", health_score: null })];
  expect(meanScore(clusters)).toEqual({ mean: 50, scored: 1 });
  expect(countStates(clusters)).toMatchObject({ ONLINE: 1, UNKNOWN: 1, OFFLINE: 0 });
});
