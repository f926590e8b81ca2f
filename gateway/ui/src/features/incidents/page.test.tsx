import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answering, CLUSTER, entity, headOf, incident, incidentId, listOf, OTHER_CLUSTER, showIncidents } from "@/features/incidents/testing";
import type { RcaInShort } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

const table = (name = "Open incidents") => screen.findByRole("table", { name });
const rowOf = (name: string) => screen.getByText(name).closest("[role=row]")!;

test("incidents that are not over are listed with what matters, and counted", async () => {
  const clusters = [{ id: CLUSTER, name: "edge-1" }, { id: OTHER_CLUSTER, name: null }];
  const acknowledged = incident(2, { state: "ACKNOWLEDGED", acknowledged_by: "ada", clusters });
  const asked = answering({ list: () => listOf([incident(1, { severity: "CRITICAL" }), acknowledged]) });
  await showIncidents();
  await table();
  expect(rowOf("Incident1")).toHaveTextContent(/Critical.*Incident1.*edge-1.*Open.*40, 30 of 40 last.*node worker-3.*nobody yet/);
  expect(rowOf("Incident2")).toHaveTextContent(/edge-1, 00000000.*Acknowledged.*ada/);
  expect(screen.getByRole("button", { name: "Critical 1" })).toHaveAttribute("aria-pressed", "false");
  expect(screen.getByText("2 incidents")).toBeInTheDocument();
  expect(asked.list[0]!.getAll("state")).toEqual(["OPEN", "ACKNOWLEDGED"]);
  expect(asked.list[0]!.get("sort")).toBe("severity");
});

test("what is behind each is told with how sure that is, and a guess as one", async () => {
  const found: RcaInShort = {
    rca_id: "r-1",
    is_known: true,
    analysed_at: "2026-01-31T12:01:00Z",
    sequence: 9,
    redacted: false,
    told: { entity: entity("node/worker-3"), kind: "node", score: 0.9, explanation: "It is the node.", claims: 0, evidence: [] },
  };
  const rows = [incident(1, { cause: found }), incident(2, { cause: { ...found, is_known: false } }), incident(3, { cause: null })];
  const asked = answering({ list: () => listOf(rows) });
  await showIncidents();
  await table();
  expect(rowOf("Incident1")).toHaveTextContent(/edge-190 % node worker-3Open/);
  expect(rowOf("Incident2")).toHaveTextContent("90 % perhaps node worker-3");
  expect(rowOf("Incident3")).toHaveTextContent("The cause was not looked for yet");
  expect(asked.list[0]!.getAll("include")).toEqual(["CAUSE"]);
});

test("a title is said in words, and stands there as it is told too", async () => {
  answering({ list: () => listOf([incident(1, { title: "KubeNodeNotReady on worker-3 and 4 more" })]) });
  await showIncidents();
  await table();
  expect(screen.getByRole("link", { name: "Node worker-3 not ready" })).toBeVisible();
  expect(screen.getByTitle("KubeNodeNotReady on worker-3 and 4 more")).toBeInTheDocument();
});

test("one that is not shown whole says so", async () => {
  answering({ list: () => listOf([incident(1, { redacted: true })]) });
  await showIncidents();
  await table();
  expect(rowOf("Incident1")).toHaveTextContent("Not shown whole: Incident1");
});

test("what the URL filters by is asked for", async () => {
  const asked = answering({ list: () => listOf([incident(1)]) });
  await showIncidents(`/incidents?severity=CRITICAL&severity=INFO&cluster_id=${CLUSTER}&q=node&state=OPEN&sort=-last_signal_at`);
  await table();
  const [params] = asked.list;
  expect(params!.getAll("severity")).toEqual(["CRITICAL", "INFO"]);
  expect(params!.getAll("cluster_id")).toEqual([CLUSTER]);
  expect(params!.getAll("state")).toEqual(["OPEN"]);
  expect([params!.get("q"), params!.get("sort")]).toEqual(["node", "-last_signal_at"]);
});

test("severities, states and words filter, and the filters are cleared together", async () => {
  answering({ list: () => listOf([incident(1)]) });
  const { user, where } = await showIncidents();
  await user.click(await screen.findByRole("button", { name: "Warning 1" }));
  await user.click(screen.getByRole("button", { name: "Acknowledged 0" }));
  await user.type(screen.getByRole("textbox", { name: "Find in titles" }), "node");
  await waitFor(() => expect(where()).toBe("/incidents?severity=WARNING&state=ACKNOWLEDGED&q=node"));
  await user.click(screen.getByRole("button", { name: "Clear all filters" }));
  await waitFor(() => expect(where()).toBe("/incidents"));
});

test("resolved ones are on the other tab, the newest first", async () => {
  const past = incident(1, { state: "RESOLVED", resolved_at: "2026-01-31T12:05:00Z", resolved_by: null });
  const asked = answering({ list: (params) => listOf(params.get("state") === "RESOLVED" ? [past] : []) });
  const { user, where } = await showIncidents();
  await user.click(screen.getByRole("tab", { name: "Resolved" }));
  await table("Resolved incidents");
  expect(where()).toBe("/incidents?state=RESOLVED");
  expect(rowOf("Incident1")).toHaveTextContent(/5 min.*all of it ended/);
  expect(asked.list.at(-1)!.get("sort")).toBe("-opened_at");
});

test("columns sort the list in the one direction that makes sense", async () => {
  answering({ list: () => listOf([incident(1)]) });
  const { user, where } = await showIncidents();
  await table();
  expect(screen.getByRole("columnheader", { name: "Severity" })).toHaveAttribute("aria-sort", "descending");
  await user.click(screen.getByRole("button", { name: "Last signal" }));
  await user.click(screen.getByRole("button", { name: "Last signal" }));
  expect(where()).toBe("/incidents?sort=-last_signal_at");
});

test("a row leads to its incident", async () => {
  answering({ list: () => listOf([incident(1)]) });
  const { user, where } = await showIncidents();
  await table();
  expect(screen.getByRole("link", { name: "Incident1" })).toHaveAttribute("href", `/incidents/${incidentId(1)}`);
  await user.click(screen.getByText("Warning", { selector: "[role=cell] *" }));
  await waitFor(() => expect(where()).toBe(`/incidents/${incidentId(1)}`));
});

test("what an event tells of an incident is shown before the list is read again", async () => {
  const tell = hearing();
  const row = incident(1);
  answering({ list: () => listOf([row]) });
  await showIncidents();
  await table();
  tell({ event_type: "INCIDENT_UPDATED", payload: { incident: headOf(row, { signals: 400, lasting: 312 }), reason: "" } });
  // The hub still answers as before.
  await waitFor(() => expect(rowOf("Incident1")).toHaveTextContent("312 of 400 last"));
});

test("a new one comes when the list is read again, and while paused it is counted only", async () => {
  const tell = hearing();
  let now = [incident(1)];
  answering({ list: () => listOf(now) });
  const { user } = await showIncidents();
  await table();
  await user.click(screen.getByRole("button", { name: "Live" }));
  now = [incident(2), ...now];
  tell({ event_type: "INCIDENT_OPENED", payload: { incident: headOf(now[0]!), reason: "" } });
  const paused = await screen.findByRole("button", { name: "Paused · 1 new" });
  expect(screen.queryByText("Incident2")).not.toBeInTheDocument();
  await user.click(paused);
  expect(await screen.findByText("Incident2")).toBeInTheDocument();
});

test("in the past the instant is asked for, and nothing that happens now is shown", async () => {
  const tell = hearing();
  const row = incident(1);
  const asked = answering({ list: () => listOf([row]) });
  await showIncidents("/incidents?as_of=2026-01-31T12:10:00Z");
  await table();
  tell({ event_type: "INCIDENT_UPDATED", payload: { incident: headOf(row, { signals: 400 }), reason: "" } });
  expect(rowOf("Incident1")).toHaveTextContent("30 of 40 last");
  expect(asked.list.map((params) => params.get("as_of"))).toEqual(["2026-01-31T12:10:00Z"]);
});

test("what follows is read page by page, each incident once", async () => {
  const first = Array.from({ length: 20 }, (_, at) => incident(at));
  const asked = answering({
    list: (params) =>
      params.get("page") === "2"
        ? listOf([incident(19), incident(20)], { page: 2, total: 21, total_pages: 2 })
        : listOf(first, { total: 21, total_pages: 2 }),
  });
  await showIncidents();
  await waitFor(async () => expect(await table()).toHaveAttribute("aria-rowcount", "22"));
  await waitFor(() => expect(asked.list.some((params) => params.get("page") === "2")).toBe(true));
  expect(await screen.findByText("Incident20")).toBeInTheDocument();
  expect(screen.getAllByText("Incident19")).toHaveLength(1);
});

test("an empty list says what an incident is, and what cannot be known", async () => {
  answering({});
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ id: CLUSTER, name: "edge-1", state: "OFFLINE" }] })),
  );
  await showIncidents();
  expect(await screen.findByRole("heading", { name: "No open incident" })).toBeInTheDocument();
  expect(screen.getByText(/An incident is what belongs together/)).toBeInTheDocument();
  expect(await screen.findByText(/1 cluster cannot be reached/)).toBeInTheDocument();
});

test("filters that leave nothing are no good news", async () => {
  answering({});
  await showIncidents("/incidents?q=nothing");
  expect(await screen.findByRole("heading", { name: "No incident matches" })).toBeInTheDocument();
});

test("a hub that refuses is told, and asked again on demand", async () => {
  answering({ list: () => listOf([incident(1)]) });
  hub.use(
    http.get(
      "*/api/v1/incidents",
      () => HttpResponse.json({ error: { code: "QUERY_TIMEOUT", message: "Too slow." } }, { status: 504 }),
      { once: true },
    ),
  );
  const { user } = await showIncidents();
  expect(await screen.findByText(/Too slow/)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(within(await table()).getByText("Incident1")).toBeInTheDocument();
});
