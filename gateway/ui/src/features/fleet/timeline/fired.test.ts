import { expect, test } from "vitest";

import type { Happening } from "@/features/fleet/happening";
import { firedIn } from "@/features/fleet/timeline/fired";

const fired = (at: number, alertname: string, cluster: string | null, more: Partial<Happening> = {}): Happening => ({
  id: `${at}`,
  type: "ALERT_FIRED",
  at,
  cluster,
  clusterName: cluster,
  alertname,
  severity: "WARNING",
  ...more,
});

test("what fired in a window is told by alert, the worst first, and by the cluster in which most of it fired", () => {
  const events = [
    fired(10, "Slow", "a"),
    fired(11, "Slow", "a"),
    fired(12, "Slow", "b"),
    fired(13, "Busy", "a"),
    fired(14, "Down", "b", { severity: "CRITICAL" }),
    fired(15, "Busy", null),
  ];
  const { alerts, clusters } = firedIn(events, { start: 10, end: 20 });
  expect(alerts).toEqual([
    { name: "Down", severity: "CRITICAL", times: 1, clusters: 1 },
    { name: "Slow", severity: "WARNING", times: 3, clusters: 2 },
    { name: "Busy", severity: "WARNING", times: 2, clusters: 1 },
  ]);
  expect(clusters).toEqual([{ id: "b", name: "b" }, { id: "a", name: "a" }]);
});

test("signs of life, ends, and what fired outside of it are not counted", () => {
  const events = [fired(5, "Early", "a"), fired(20, "Late", "a"), fired(12, "Old", "a", { renewed: true }), fired(13, "Over", "a", { type: "ALERT_RESOLVED" })];
  expect(firedIn(events, { start: 10, end: 20 })).toEqual({ alerts: [], clusters: [] });
});

test("an alert that fired with several severities is as bad as its worst", () => {
  const events = [fired(10, "Disk", "a"), fired(11, "Disk", "a", { severity: "CRITICAL" })];
  expect(firedIn(events, { start: 0, end: 20 }).alerts).toEqual([{ name: "Disk", severity: "CRITICAL", times: 2, clusters: 1 }]);
});
