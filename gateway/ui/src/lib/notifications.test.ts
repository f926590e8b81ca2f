import { expect, test } from "vitest";

import { notificationOf, worthTelling } from "@/lib/notifications";
import { liveEvent } from "@/testing/stream";

const fired = (id: string, severity: string, more: object = {}) =>
  liveEvent({
    event_id: id,
    payload: { alert: { id, alertname: `Alert-${id}`, severity, annotations: { summary: `It is ${id}.` } }, ...more },
  });

test("only alerts that have just begun, of the severities that are wanted", () => {
  const events = [
    fired("a", "CRITICAL"),
    fired("b", "INFO"),
    fired("c", "CRITICAL", { renewed: true }),
    { ...fired("d", "CRITICAL"), replayed: true as const },
    liveEvent({ event_type: "ALERT_RESOLVED" }),
  ];
  expect(worthTelling(events, ["CRITICAL", "WARNING"]).map(({ event_id }) => event_id)).toEqual(["a"]);
});

test("one alert is told by name, and opened", () => {
  expect(notificationOf([fired("a", "CRITICAL")])).toEqual({
    title: "Critical: Alert-a on edge-3",
    body: "It is a.",
    tag: "aiops-a",
    alertId: "a",
  });
});

test("many are one notification with a count, the worst first", () => {
  const told = notificationOf([
    fired("a", "INFO"),
    fired("b", "WARNING"),
    fired("c", "CRITICAL"),
    fired("d", "INFO"),
    fired("e", "CRITICAL"),
  ]);
  expect(told?.title).toBe("5 new alerts, 2 critical");
  expect(told?.body.split("\n")).toEqual([
    "Critical: Alert-c on edge-3",
    "Critical: Alert-e on edge-3",
    "Warning: Alert-b on edge-3",
    "and 2 more",
  ]);
  expect(told?.alertId).toBeUndefined();
});

test("nothing is told of nothing", () => expect(notificationOf([])).toBeUndefined());
