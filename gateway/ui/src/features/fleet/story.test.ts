import { expect, test } from "vitest";

import { rank } from "@/features/fleet/attention";
import { gather } from "@/features/fleet/changes";
import type { FiringGroup, FiringGroups } from "@/features/fleet/firing";
import { happeningOf, type Happening } from "@/features/fleet/happening";
import { merged } from "@/features/fleet/log";
import { openSignals } from "@/features/fleet/signals";
import { cluster } from "@/features/fleet/testing";
import type { ClusterInFleet, EventName } from "@/generated/api.schemas";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const MINUTE = 60_000;

let made = 0;
const event = (more: Partial<Happening>): Happening => ({
  id: `event-${(made += 1)}`,
  type: "CLUSTER_STATUS_CHANGED",
  at: NOON,
  cluster: "a",
  clusterName: "edge-a",
  ...more,
});

const offline = (name: string): ClusterInFleet =>
  cluster(name, { state: "OFFLINE", health_score: 0, last_error: "timed out", changed_at: "2026-01-31T11:50:00Z" });

const group: FiringGroup = {
  alertname: "NodeDown",
  severity: "CRITICAL",
  count: 2,
  newest: "2026-01-31T11:00:00Z",
  oldest: "2026-01-31T10:00:00Z",
  clusters: 1,
  named: [{ id: "a", name: "edge-a" }],
  atLeast: false,
};

const none: FiringGroups = { groups: [], more: 0 };
const nothing = { clusters: [], critical: none, warning: none, signals: [], now: NOON };

test("offline clusters come first, then critical alerts, then lost links, then warnings", () => {
  const items = rank({
    clusters: [offline("edge-b"), { ...offline("edge-c"), state: "DEGRADED" }],
    critical: { groups: [group], more: 0 },
    warning: { groups: [{ ...group, severity: "WARNING" }], more: 0 },
    signals: [event({ type: "EDGE_LINK_LOST", cluster: null, site: "berlin" })],
    now: NOON,
  });
  expect(items.map(({ what }) => what)).toEqual([
    "edge-b is offline",
    "NodeDown × 2",
    "Site berlin has lost its link",
    "edge-c is degraded",
    "NodeDown × 2",
  ]);
});

test("many clusters in one state are one line that leads to all of them", () => {
  const clusters = ["b", "c", "d", "e"].map(offline);
  const items = rank({ ...nothing, clusters });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    what: "4 clusters are offline",
    why: "b, c, d and 1 more · timed out",
    place: { to: "/clusters", search: { state: "OFFLINE" } },
  });
});

test("a backend of a cluster that is offline is not told beside it", () => {
  const signals = [event({ type: "BACKEND_CIRCUIT_OPENED", cluster: "edge-b", backend: "LOKI" })];
  expect(rank({ ...nothing, clusters: [offline("edge-b")], signals })).toHaveLength(1);
  expect(rank({ ...nothing, signals })[0]!.what).toBe("Loki of edge-a is failing");
});

test("where alerts are is told in full only where that is known", () => {
  const [few] = rank({ ...nothing, critical: { groups: [group], more: 0 } });
  expect(few).toMatchObject({ where: "on edge-a", since: { label: "newest", oldest: "2026-01-31T10:00:00Z" } });
  const many = { ...group, count: 8_000, clusters: 400, atLeast: true };
  const [item] = rank({ ...nothing, critical: { groups: [many], more: 0 } });
  expect(item).toMatchObject({ what: "NodeDown × 8,000+", where: "on 400+ clusters", why: "edge-a and 399 more" });
  expect(item!.metrics!.search).not.toHaveProperty("clusters");
});

test("groups of alerts that are not told one by one are counted", () => {
  const groups = ["A", "B", "C", "D", "E"].map((alertname) => ({ ...group, alertname, severity: "WARNING" as const }));
  const items = rank({ ...nothing, critical: { groups: [], more: 1 }, warning: { groups, more: 10 } });
  expect(items.map(({ what }) => what)).toEqual([
    "1 more group of critical alerts",
    "A × 2",
    "B × 2",
    "C × 2",
    "12 more groups of warning alerts",
  ]);
});

test("the metrics around an alert are those of half an hour on both sides, never of the future", () => {
  const [item] = rank({ ...nothing, critical: { groups: [{ ...group, newest: "2026-01-31T11:50:00Z" }], more: 0 } });
  expect(item!.metrics!.search).toEqual({
    query: 'ALERTS{alertname="NodeDown"}',
    clusters: ["a"],
    from: "2026-01-31T11:20:00.000Z",
    to: "2026-01-31T12:00:00.000Z",
  });
});

test("a signal is open until its end, and never of a cluster that is gone", () => {
  const opened = event({ type: "BACKEND_CIRCUIT_OPENED", backend: "LOKI" });
  const closed = event({ type: "BACKEND_CIRCUIT_CLOSED", backend: "LOKI", at: NOON + 1 });
  expect(openSignals([opened])).toEqual([opened]);
  expect(openSignals([closed, opened])).toEqual([]);
  expect(openSignals([{ ...closed, backend: "TEMPO" }, opened])).toEqual([opened]);
  expect(openSignals([event({ type: "CLUSTER_DELETED" }), opened])).toEqual([]);
});

test("a storm is one line with its count, and another one later is another line", () => {
  const storm = ["a", "b", "c"].map((id, at) =>
    event({ state: "OFFLINE", cluster: id, clusterName: `edge-${id}`, at: NOON - at * 1_000 }),
  );
  const before = event({ state: "OFFLINE", at: NOON - 30 * MINUTE, reason: "timed out" });
  const changes = gather([...storm, before], 3 * MINUTE);
  expect(changes.map(({ what }) => what)).toEqual(["3 clusters went offline", "edge-a went offline"]);
  expect(changes[0]!.place).toEqual({ to: "/clusters", search: { state: "OFFLINE" } });
  expect(changes[1]).toMatchObject({ more: "timed out", place: { to: "/clusters/a" } });
});

test("an alert's beginnings and ends are one line, and signs of life are none", () => {
  const alert = { alertname: "NodeDown", severity: "CRITICAL" as const };
  const changes = gather(
    [
      event({ type: "ALERT_RESOLVED", ...alert, alert: "1" }),
      event({ type: "ALERT_FIRED", ...alert, alert: "2" }),
      event({ type: "ALERT_FIRED", ...alert, alert: "1" }),
      event({ type: "ALERT_FIRED", ...alert, alert: "1", renewed: true }),
    ],
    MINUTE,
  );
  expect(changes.map(({ what, tone }) => [what, tone])).toEqual([["NodeDown fired 2×, resolved on edge-a", "danger"]]);
});

test("an alert that is over is told as good news", () => {
  const alert = { alertname: "NodeDown", severity: "CRITICAL" as const };
  const told = (type: EventName, id: string) => event({ type, ...alert, alert: id });
  const both = [told("ALERT_RESOLVED", "1"), told("ALERT_FIRED", "1")];
  expect(gather(both, MINUTE)[0]!.tone).toBe("success");
  const another = [told("ALERT_RESOLVED", "0"), told("ALERT_RESOLVED", "1"), told("ALERT_FIRED", "2"), told("ALERT_FIRED", "1")];
  expect(gather(another, MINUTE)[0]!.tone, "one still fires").toBe("danger");
});

test("what happened to a cluster that is gone leads to the log, not to a page that is no more", () => {
  const changes = gather([event({ type: "CLUSTER_DELETED" }), event({ type: "CLUSTER_REGISTERED" })], MINUTE);
  expect(changes[1]!.place).toEqual({ to: "/events", search: { cluster_id: "a" } });
});

test("a line that grows stays the same line", () => {
  const first = event({ state: "OFFLINE" });
  const [before] = gather([first], MINUTE);
  const [after] = gather([event({ state: "OFFLINE", at: NOON + 1, cluster: "b", clusterName: "edge-b" }), first], MINUTE);
  expect(after!.id).toBe(before!.id);
});

test("an event that was read and also came live is there once", () => {
  const known = event({});
  const fresh = event({ at: NOON + 1 });
  const before = { pages: [{ items: [known], next: null }], pageParams: [null] };
  expect(merged(before, [known, fresh]).pages[0]!.items).toEqual([fresh, known]);
  expect(merged(before, [known])).toBe(before);
});

test("of an event's payload only what is told is kept, at the time by which the log counts", () => {
  const told = happeningOf({
    event_id: "1",
    event_type: "ALERT_FIRED",
    timestamp: "2026-01-31T09:00:00Z",
    logged_at: "2026-01-31T12:00:00Z",
    cluster_id: "a",
    cluster_name: "edge-a",
    payload: { alert: { id: "n1", alertname: "NodeDown", severity: "CRITICAL", labels: { secret: "x" } } },
  });
  expect(told).toEqual({
    id: "1",
    type: "ALERT_FIRED",
    at: NOON,
    cluster: "a",
    clusterName: "edge-a",
    alert: "n1",
    alertname: "NodeDown",
    severity: "CRITICAL",
    renewed: false,
  });
});
