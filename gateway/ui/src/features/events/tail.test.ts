import { expect, test } from "vitest";

import { delta } from "@/features/events/delta";
import type { LogEvent } from "@/features/events/event";
import { grown, joined, matches, MOST, NOTHING } from "@/features/events/tail";

const event = (sequence: number, more: Partial<LogEvent> = {}): LogEvent => ({
  event_id: String(sequence),
  event_type: "ALERT_FIRED",
  sequence,
  source: "/services/alerts",
  cluster_id: "c1",
  cluster_name: "hub-1",
  timestamp: "2026-01-31T12:00:00Z",
  logged_at: null,
  payload: { alert: { fingerprint: "f1" } },
  correlation_id: "k1",
  causation_id: "k1",
  actor: "service:alerts",
  ...more,
});
const sequences = (events: readonly LogEvent[]) => events.map(({ sequence }) => sequence);

test("what comes goes on top, the newest first", () => {
  const tail = grown(grown(NOTHING, [event(1), event(2)]), [event(3)]);
  expect(sequences(tail.events)).toEqual([3, 2, 1]);
  expect(tail.generation).toBe(0);
});

test("a tail that is too long keeps its newer half, and history is asked for anew", () => {
  const many = Array.from({ length: MOST + 1 }, (_, at) => event(at + 1));
  const tail = grown(NOTHING, many);
  expect(tail.events).toHaveLength(MOST / 2);
  expect(tail.events[0]!.sequence).toBe(MOST + 1);
  expect(tail.generation).toBe(1);
});

test("tail and history make one list, each event once", () => {
  expect(sequences(joined([event(4), event(3)], [event(3), event(1)], {}, false))).toEqual([4, 3, 1]);
});

test("of an earlier answer only what passes the new filter is shown", () => {
  const other = event(1, { cluster_id: "c2" });
  expect(sequences(joined([], [event(2), other], { cluster_id: "c1" }, true))).toEqual([2]);
});

test("live events pass the filters as the hub would have them", () => {
  expect(matches(event(1), {})).toBe(true);
  expect(matches(event(1), { event_type: ["ALERT_FIRED"], cluster_id: "c1" })).toBe(true);
  expect(matches(event(1), { event_type: ["ALERT_RESOLVED"] })).toBe(false);
  expect(matches(event(1), { cluster_id: "c2" })).toBe(false);
  expect(matches(event(1), { correlation_id: "k2" })).toBe(false);
  expect(matches(event(1), { entity_type: "alert", entity_id: "f1" })).toBe(true);
  expect(matches(event(1), { entity_type: "alert_muting" })).toBe(false);
  expect(matches(event(1), { entity_id: "f2" })).toBe(false);
});

test("how much earlier or later", () => {
  expect([0, 350, -2_500, 125_000].map(delta)).toEqual(["at once", "+350 ms", "−2.5 s", "+2 min 5 s"]);
});
