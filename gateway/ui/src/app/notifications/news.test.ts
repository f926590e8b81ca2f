import { expect, test } from "vitest";

import { MOST, MOST_IDS, newsOf, newsOfCause, withNews, type News, type Told } from "@/app/notifications/news";

const AT = Date.parse("2026-03-04T12:00:00Z");
const BOTH = ["CRITICAL", "WARNING"] as const;
const told = (event_type: string, payload: unknown, more: Partial<Told> = {}): Told => ({
  event_id: "e",
  event_type,
  timestamp: "2026-03-04T12:00:00Z",
  logged_at: null,
  cluster_id: "c",
  cluster_name: "edge-3",
  payload,
  ...more,
});
const alert = (id: string, seconds: number, cluster = "edge-1", severity = "WARNING") =>
  newsOf(
    told("ALERT_FIRED", { alert: { id, alertname: "NodeHighLoad", severity } }, { cluster_name: cluster, timestamp: new Date(AT + seconds * 1_000).toISOString() }),
    BOTH,
  )!;

test.each([
  ["INCIDENT_OPENED", { incident: { id: "i", title: "KubeNodeNotReady on w-1 and 2 more", severity: "CRITICAL" } }, "Incident: Node w-1 not ready and 2 more", "/incidents/i"],
  ["RCA_COMPLETE", { result: { incident_id: "i", is_known: true, causes: [{ kind: "network device", entity: { place: "node/w-1" } }] } }, "Cause found: Network device, node w-1", "/incidents/i"],
  ["REPORT_GENERATED", { report_id: "r", asked: { title: "Week 9", report_type: "FLEET" } }, "Report ready: Week 9", "/reports/r"],
  ["REPORT_FAILED", { report_id: "r", asked: { title: "", report_type: "CAPACITY" } }, "Report failed: Capacity", "/reports/r"],
  ["CLUSTER_STATUS_CHANGED", { old_state: "ONLINE", new_state: "OFFLINE" }, "Cluster lost: edge-3", "/clusters/c"],
  ["ALERT_FIRED", { alert: { id: "a", alertname: "Up", severity: "WARNING" } }, "Up on edge-3", "/alerts"],
])("%s is told, and leads to what it is about", (type, payload, title, to) =>
  expect(newsOf(told(type, payload), BOTH)).toMatchObject({ title, to, at: AT, count: 1 }),
);

test.each([
  ["a cluster that comes back", told("CLUSTER_STATUS_CHANGED", { old_state: "OFFLINE", new_state: "ONLINE" })],
  ["an alert that is told again", told("ALERT_FIRED", { alert: { id: "a", alertname: "Up", severity: "CRITICAL" }, renewed: true })],
  ["a severity that is not wanted", told("ALERT_FIRED", { alert: { id: "a", alertname: "Up", severity: "INFO" } })],
  ["an analysis without a cause", told("RCA_COMPLETE", { result: { incident_id: "i", is_known: false, causes: [] } })],
  ["what was blacked out", told("INCIDENT_OPENED", {}, { redacted: true })],
  ["anything else", told("LOGGED_IN", {})],
])("%s is no news", (_, event) => expect(newsOf(event, BOTH)).toBeUndefined());

test("a storm is one line: how many alerts on how many clusters, as bad as the worst", () => {
  const storm = Array.from({ length: 14 }, (_, at) => alert(`a${at}`, at, `edge-${at % 3}`, at === 5 ? "CRITICAL" : "WARNING"));
  expect(withNews([], storm)).toMatchObject([{ title: "14 alerts on 3 clusters", count: 14, severity: "CRITICAL", to: "/alerts", search: { state: ["FIRING"] }, at: AT + 13_000 }]);
});

test("what comes later is a line of its own, and nothing is told twice", () => {
  const list = withNews(withNews([], [alert("a", 0)]), [alert("b", 90), alert("a", 0)]);
  expect(list.map(({ ids }) => ids)).toEqual([["b"], ["a"]]);
  const storm = withNews([], [alert("a", 0), alert("b", 1)]);
  expect(withNews(storm, [alert("b", 1)])).toEqual(storm);
});

test("a storm that goes on is a line for each minute, and what is critical hours later is its own", () => {
  const list = [...Array.from({ length: 12 }, (_, at) => alert(`a${at}`, at * 30)), alert("late", 7_200, "edge-1", "CRITICAL")].reduce<News[]>(
    (all, news) => withNews(all, [news]),
    [],
  );
  expect(list.map(({ count }) => count)).toEqual([1, 3, 3, 3, 3]);
  expect(list[0]).toMatchObject({ ids: ["late"], severity: "CRITICAL", search: { alert: "late" } });
});

test("of a storm not all ids are kept, but how many there were is", () => {
  const storm = Array.from({ length: 5_000 }, (_, at) => alert(`a${at}`, at / 100));
  const [line, ...others] = withNews(withNews([], storm.slice(0, 4_000)), storm.slice(3_990));
  expect(others).toEqual([]);
  expect(line!.count).toBe(5_000);
  expect(line!.ids).toHaveLength(MOST_IDS);
  expect(line!.ids[0]).toBe("a0");
});

test("an analysis that finds the same again is no news", () => {
  const found = { cause: { kind: "node", entity: { cluster_id: "c", place: "node/w-1" }, score: 1 }, incident_id: "i", is_known: true };
  const first = newsOfCause({ ...found, analysed_at: "2026-03-04T12:00:00Z" });
  const again = newsOfCause({ ...found, analysed_at: "2026-03-04T13:00:00Z" });
  expect(withNews(first, again)).toEqual(first);
  expect(newsOfCause({ ...found, cause: null, analysed_at: "2026-03-04T12:00:00Z" })).toEqual([]);
});

test("there is an end to how many are kept: the oldest go", () => {
  const many = Array.from({ length: MOST + 20 }, (_, at) => alert(`a${at}`, at * 120));
  const list: News[] = withNews([], many);
  expect(list).toHaveLength(MOST);
  expect(list[0]!.ids).toEqual([`a${MOST + 19}`]);
});
