import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test } from "vitest";

import { CLUSTER, alert, answering, event, page, showAlerts, streaming } from "@/features/alerts/testing";
import { useLiveState } from "@/lib/live";
import { hub } from "@/testing/hub";

afterEach(() => useLiveState.setState(useLiveState.getInitialState()));

const table = () => screen.findByRole("table", { name: "Alerts" });
const rowOf = (name: string) => screen.getByText(name).closest("[role=row]")!;

test("open alerts are listed with what matters, and counted by severity", async () => {
  const asked = answering({ list: () => page([alert("1", { severity: "CRITICAL" }), alert("2")]) });
  await showAlerts();
  await table();
  expect(rowOf("Alert1")).toHaveTextContent(/Critical.*Alert1.*summary of 1.*edge-1.*Firing/);
  expect(screen.getByRole("button", { name: "Critical 1" })).toHaveAttribute("aria-pressed", "false");
  expect(screen.getByText("2 alerts")).toBeInTheDocument();
  expect(asked[0]!.get("page_size")).toBe("100");
  expect(asked[0]!.has("from")).toBe(false);
});

test("what the URL filters by is asked for", async () => {
  const asked = answering({ list: () => page([alert("1")]) });
  await showAlerts(`/alerts?severity=CRITICAL&severity=INFO&cluster_id=${CLUSTER}&namespace=-&label=a%3Db&silenced=false`);
  await table();
  expect(asked[0]!.getAll("severity")).toEqual(["CRITICAL", "INFO"]);
  expect(asked[0]!.get("namespace")).toBe("");
  expect(asked[0]!.get("label")).toBe("a=b");
  expect(asked[0]!.get("silenced")).toBe("false");
});

test("a facet and a severity filter when clicked, and the filters are cleared together", async () => {
  answering({ list: () => page([alert("1")]) });
  const { user, where } = await showAlerts();
  await user.click(await screen.findByRole("button", { name: "DiskFull 2" }));
  await user.click(screen.getByRole("button", { name: /^Warning/ }));
  await waitFor(() => expect(where()).toBe("/alerts?alertname=DiskFull&severity=WARNING"));
  await user.click(screen.getByRole("button", { name: "Clear all filters" }));
  await waitFor(() => expect(where()).toBe("/alerts"));
});

test("words are looked for as they are typed, a label when Enter is pressed", async () => {
  answering({ list: () => page([alert("1")]) });
  const { user, where } = await showAlerts();
  const box = screen.getByRole("searchbox");
  await user.type(box, "disk full");
  await waitFor(() => expect(where()).toBe("/alerts?q=disk+full"));
  expect(box).toHaveValue("disk full");
  await user.clear(box);
  await user.type(box, "node=n1{Enter}");
  await waitFor(() => expect(where()).toBe("/alerts?label=node%3Dn1"));
  expect(box).toHaveValue("");
});

test("an alert that fires is shown before the list is read again", async () => {
  const tell = streaming();
  answering({ list: () => page([alert("1")]) });
  await showAlerts();
  await table();
  tell(event("ALERT_FIRED", alert("2", { starts_at: "2026-01-31T12:29:00Z" })));
  const [, first, second] = screen.getAllByRole("row");
  expect(first).toHaveTextContent("Alert2");
  expect(second).toHaveTextContent("Alert1");
});

test("one that the filters leave out is not shown", async () => {
  const tell = streaming();
  answering({ list: () => page([alert("1")]) });
  await showAlerts("/alerts?severity=WARNING");
  await table();
  tell(event("ALERT_FIRED", alert("2", { severity: "CRITICAL" })));
  expect(screen.queryByText("Alert2")).not.toBeInTheDocument();
});

test("while paused nothing moves: what is new is counted, and shown on demand", async () => {
  const tell = streaming();
  let now = page([alert("1")]);
  answering({ list: () => now });
  const { user } = await showAlerts();
  await table();
  await user.click(screen.getByRole("button", { name: "Live" }));
  now = page([alert("2", { starts_at: "2026-01-31T12:29:00Z" }), alert("1")]);
  tell(event("ALERT_FIRED", now.items[0]!));
  const news = await screen.findByRole("button", { name: "1 new" });
  expect(screen.queryByText("Alert2")).not.toBeInTheDocument();
  await user.click(news);
  expect(await screen.findByText("Alert2")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Live" })).toBeInTheDocument();
});

test("one that ends fades in its place, though the list has it no more", async () => {
  const tell = streaming();
  let now = page([alert("1"), alert("2", { starts_at: "2026-01-31T11:00:00Z" })]);
  const asked = answering({ list: () => now });
  await showAlerts();
  await table();
  const before = asked.length;
  now = page([alert("2", { starts_at: "2026-01-31T11:00:00Z" })]);
  tell(event("ALERT_RESOLVED", alert("1", { state: "RESOLVED" }), { ending: "REPORTED" }));
  await waitFor(() => expect(asked.length).toBeGreaterThan(before));
  expect(await screen.findByText("1 alert")).toBeInTheDocument();
  expect(rowOf("Alert1")).toHaveClass("is-muted");
  expect(rowOf("Alert1")).toHaveTextContent("Resolved");
});

test("older alerts follow by the cursor", async () => {
  const many = Array.from({ length: 20 }, (_, at) => alert(String(at)));
  const older = page([alert("old", { starts_at: "2026-01-01T00:00:00Z" })]);
  const asked = answering({
    list: (params) => (params.get("cursor") === "next" ? older : page(many, { next_cursor: "next", total: 21 })),
  });
  await showAlerts();
  await waitFor(() => expect(asked.some((params) => params.get("cursor") === "next")).toBe(true));
  await waitFor(async () => expect(await table()).toHaveAttribute("aria-rowcount", "22"));
  expect(await screen.findByText("Alertold")).toBeInTheDocument();
});

test("history counts the time range and says so", async () => {
  const asked = answering({ list: () => page([alert("1", { state: "RESOLVED", ends_at: "2026-01-31T12:05:00Z" })]) });
  await showAlerts("/alerts?tab=history&from=now-6h");
  await screen.findByRole("table", { name: "Past alerts" });
  expect(asked[0]!.get("state")).toBe("RESOLVED");
  expect(Date.parse(asked[0]!.get("from")!)).toBeLessThan(Date.now() - 5.9 * 3_600_000);
  expect(screen.getByText("Ended, and began: last 6 hours")).toBeInTheDocument();
  expect(rowOf("Alert1")).toHaveTextContent("5 min");
});

test("in the past the instant is asked for, and nothing that happens now is shown", async () => {
  const tell = streaming();
  const asked = answering({ list: () => page([alert("1")]) });
  await showAlerts("/alerts?as_of=2026-01-31T12:10:00Z");
  await table();
  tell(event("ALERT_FIRED", alert("2")));
  expect(screen.queryByText("Alert2")).not.toBeInTheDocument();
  expect(asked.map((params) => params.get("as_of"))).toEqual(["2026-01-31T12:10:00Z"]);
  expect(screen.queryByRole("button", { name: "Live" })).not.toBeInTheDocument();
});

test("a group leads to its alerts", async () => {
  answering({
    list: () => page([alert("1")]),
    groups: {
      items: [
        {
          key: { "label:node": "n1" },
          cluster_name: null,
          count: 3,
          by_severity: { CRITICAL: 0, WARNING: 3, INFO: 0 },
          newest_id: "1",
          newest_starts_at: "2026-01-31T12:00:00Z",
          clusters: 1,
          oldest_start: "2026-01-31T12:00:00Z",
        },
      ],
      at_least: false,
      page: 1,
      page_size: 100,
      total: 1,
      total_pages: 1,
    },
  });
  const { user, where } = await showAlerts("/alerts?group=label:node&label=a%3Db");
  await user.click(await screen.findByText("n1"));
  await waitFor(() => expect(where()).toBe("/alerts?label=a%3Db&label=node%3Dn1"));
});

test("that nothing fires is no good news while clusters cannot be reached", async () => {
  answering({});
  hub.use(
    http.get("*/api/v1/fleet/health", () =>
      HttpResponse.json({ items: [{ id: CLUSTER, name: "edge-1", state: "OFFLINE" }] }),
    ),
    http.get("*/api/v1/alerts/history", () =>
      HttpResponse.json(page([alert("1", { state: "RESOLVED", ends_at: new Date().toISOString() })])),
    ),
  );
  await showAlerts();
  expect(
    await screen.findByRole("heading", { name: "Nothing fires, but 1 cluster cannot be reached" }),
  ).toBeInTheDocument();
  expect(await screen.findByText(/The latest alert, Alert1 on edge-1, ended/)).toBeInTheDocument();
});

test("filters that leave nothing are no good news", async () => {
  answering({});
  await showAlerts("/alerts?q=nothing");
  expect(await screen.findByRole("heading", { name: "No alert matches" })).toBeInTheDocument();
});

test("a hub that refuses is told, and asked again on demand", async () => {
  answering({ list: () => page([alert("1")]) });
  hub.use(
    http.get(
      "*/api/v1/alerts",
      () => HttpResponse.json({ error: { code: "QUERY_TIMEOUT", message: "Too slow." } }, { status: 504 }),
      { once: true },
    ),
  );
  const { user } = await showAlerts();
  expect(await screen.findByText(/Too slow/)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(within(await table()).getByText("Alert1")).toBeInTheDocument();
});

test("that filters left nothing says nothing of all alerts, until those are read", async () => {
  let answer: (() => void) | undefined;
  answering({});
  hub.use(
    http.get("*/api/v1/fleet/health", () =>
      HttpResponse.json({ items: [{ id: CLUSTER, name: "edge-1", state: "ONLINE" }] }),
    ),
    http.get("*/api/v1/alerts", async ({ request }) => {
      const all = !new URL(request.url).searchParams.has("q");
      if (all) await new Promise<void>((resolve) => (answer = resolve));
      return HttpResponse.json(page(all ? [alert("1")] : []));
    }),
  );
  const { user } = await showAlerts("/alerts?q=nothing");
  await user.click((await screen.findAllByRole("button", { name: "Clear all filters" }))[0]!);
  await waitFor(() => expect(answer).toBeDefined());
  await waitFor(() => expect(screen.queryByRole("heading", { name: "No alert matches" })).not.toBeInTheDocument());
  expect(screen.queryByRole("heading", { name: /Nothing fires/ })).not.toBeInTheDocument();
  answer!();
  expect(within(await table()).getByText("Alert1")).toBeInTheDocument();
});

test("a list that is held is read again where the stream went on with a gap", async () => {
  streaming();
  let now = page([alert("1")]);
  answering({ list: () => now });
  const { user, client } = await showAlerts();
  await table();
  await user.click(screen.getByRole("button", { name: "Live" }));
  now = page([alert("2", { starts_at: "2026-01-31T12:29:00Z" })]);
  act(() => useLiveState.setState({ lostAt: Date.now() }));
  expect(screen.getByText("Alert1")).toBeInTheDocument();
  await act(() => client.invalidateQueries());
  await waitFor(() => expect(screen.queryByText("Alert1")).not.toBeInTheDocument());
  expect(screen.getByText("Alert2")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Paused" })).toBeInTheDocument();
});

test("groups that are held give way to those of another question", async () => {
  const group = (name: string) => ({
    key: { alertname: name },
    cluster_name: null,
    count: 1,
    by_severity: { CRITICAL: 0, WARNING: 1, INFO: 0 },
    newest_id: "1",
    newest_starts_at: "2026-01-31T12:00:00Z",
  });
  answering({ list: () => page([alert("1")]) });
  hub.use(
    http.get("*/api/v1/alerts/groups", ({ request }) => {
      const few = new URL(request.url).searchParams.has("severity");
      const items = few ? [group("Fewer")] : [group("One"), group("Two")];
      return HttpResponse.json({ items, at_least: false, page: 1, page_size: 100, total: items.length, total_pages: 1 });
    }),
  );
  const { user } = await showAlerts("/alerts?group=alertname");
  await user.hover(await screen.findByText("One"));
  await user.keyboard("{Tab}");
  const groups = screen.getByRole("table", { name: "Groups of alerts" });
  groups.scrollTop = 10;
  fireEvent.scroll(groups);
  await user.click(screen.getByRole("button", { name: /^Warning/ }));
  expect(await screen.findByText("Fewer")).toBeInTheDocument();
  expect(screen.queryByText("One")).not.toBeInTheDocument();
});
