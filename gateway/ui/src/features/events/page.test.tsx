import { act, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { live, useLiveState, type LiveEvent } from "@/lib/live";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

import type { LogEvent } from "@/features/events/event";
import { EventsPage } from "@/features/events/page";
import { readEventsSearch } from "@/features/events/search";
import { MOST } from "@/features/events/tail";

const CLUSTER = "0f45f335-880f-5d63-a813-4e4af646b9fe";
const CORRELATION = "89902025-8d37-58dc-9554-6d6e7d35e7ea";
const event = (sequence: number, more: Partial<LogEvent> = {}): LogEvent => ({
  event_id: `90b941b6-2803-58e4-9682-${String(sequence).padStart(12, "0")}`,
  event_type: "CLUSTER_DELETED",
  sequence,
  source: "/services/clusters",
  cluster_id: CLUSTER,
  cluster_name: "hub-1",
  timestamp: "2026-01-31T12:00:00.500Z",
  logged_at: "2026-01-31T12:00:00.500Z",
  payload: { cluster_id: CLUSTER, name: `gone-${sequence}` },
  correlation_id: CORRELATION,
  causation_id: CORRELATION,
  actor: "admin",
  ...more,
});

type Take = Parameters<typeof live.listen>[0];
afterEach(() => useLiveState.setState(useLiveState.getInitialState()));

let listeners: Set<Take>;
let asked: URL[];
let kept: LogEvent[];

beforeEach(() => {
  listeners = new Set();
  asked = [];
  kept = [event(2), event(1)];
  vi.spyOn(live, "listen").mockImplementation((take) => {
    listeners.add(take);
    return () => listeners.delete(take);
  });
  hub.use(
    http.get("*/api/v1/events", ({ request }) => {
      asked.push(new URL(request.url));
      return HttpResponse.json({ items: kept, next_cursor: null });
    }),
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
  );
});

/** Comes over the live stream. */
const comes = (...events: LogEvent[]) =>
  act(() => {
    const sent = events.map((each) => ({ ...each, type: "event", subscriptions: ["pages"] }) as unknown as LiveEvent);
    for (const take of listeners) take(sent);
  });
const open = (search = "") =>
  show(<EventsPage />, { at: `/events${search}`, path: "/events", readSearch: readEventsSearch });
const told = () => screen.queryAllByText(/left the fleet$/).map(({ textContent }) => /gone-\d+/.exec(textContent)![0]);

test("history is shown newest first, and what comes live goes on top", async () => {
  await open();
  await waitFor(() => expect(told()).toEqual(["gone-2", "gone-1"]));
  comes(event(3), event(4));
  await waitFor(() => expect(told()).toEqual(["gone-4", "gone-3", "gone-2", "gone-1"]));
  expect(asked[0]!.searchParams.get("order")).toBe("desc");
});

test("paused, the list stands still and tells how many are new", async () => {
  const { user } = await open();
  await waitFor(() => expect(told()).toHaveLength(2));
  await user.click(screen.getByRole("button", { name: "Live" }));
  comes(event(3), event(4));
  expect(await screen.findByRole("button", { name: "Paused · 2 new" })).toBeVisible();
  expect(told()).toEqual(["gone-2", "gone-1"]);
  await user.click(screen.getByRole("button", { name: "Paused · 2 new" }));
  await waitFor(() => expect(told()).toHaveLength(4));
});

test("filters go to the hub, and hold for what comes live", async () => {
  await open(`?event_type=CLUSTER_DELETED&cluster_id=${CLUSTER}&entity_type=cluster&correlation_id=${CORRELATION}`);
  await waitFor(() => expect(told()).toHaveLength(2));
  const sent = Object.fromEntries(asked[0]!.searchParams);
  expect(sent).toMatchObject({
    event_type: "CLUSTER_DELETED",
    cluster_id: CLUSTER,
    entity_type: "cluster",
    correlation_id: CORRELATION,
  });
  comes(event(3, { cluster_id: "another" }), event(4));
  await waitFor(() => expect(told()).toEqual(["gone-4", "gone-2", "gone-1"]));
});

test("chosen types are in the address and asked of the hub", async () => {
  const { user, where } = await open();
  await user.click(await screen.findByRole("button", { name: "All types" }));
  await user.click(await screen.findByText("Credentials updated"));
  await waitFor(() => expect(where()).toContain("event_type=CLUSTER_CREDENTIALS_UPDATED"));
  expect(asked.at(-1)!.searchParams.getAll("event_type")).toEqual(["CLUSTER_CREDENTIALS_UPDATED"]);
});

test("in the past the list ends there, and nothing comes live", async () => {
  await open("?as_of=2026-01-31T12:30:00.000Z");
  await waitFor(() => expect(told()).toHaveLength(2));
  expect(asked[0]!.searchParams.get("as_of")).toBe("2026-01-31T12:30:00.000Z");
  expect(asked[0]!.searchParams.get("from")).toBe("2026-01-31T11:30:00.000Z");
  comes(event(3));
  expect(told()).toEqual(["gone-2", "gone-1"]);
  expect(screen.queryByRole("button", { name: "Live" })).toBeNull();
  expect(screen.getByRole("switch", { name: "Health checks" })).toBeDisabled();
});

test("nothing there: why, and what to do", async () => {
  kept = [];
  const { user, where } = await open("?correlation_id=89902025-8d37-58dc-9554-6d6e7d35e7ea");
  expect(await screen.findByText("No event passes the filters")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Look at the last 30 days" }));
  expect(where()).toContain("from=now-30d");
});

test("an event that is also about clusters of others says that a part is left out", async () => {
  const redacted = { ...event(2), redacted: true };
  hub.use(
    http.get("*/api/v1/events/2/causes", () =>
      HttpResponse.json({ event: redacted, causes: [], effects: [], truncated: false }),
    ),
  );
  const { user } = await open();
  await user.click(await screen.findByText("gone-2 left the fleet"));
  const drawer = await screen.findByRole("complementary", { name: "Event" });
  expect(await within(drawer).findByText(/what is theirs is left out/)).toBeVisible();
});

test("an event shows why it came about, what it led to, and its payload", async () => {
  const cause = event(1, { timestamp: "2026-01-31T12:00:00.000Z", actor: "ann" });
  const effect = event(3, { timestamp: "2026-01-31T12:00:02.500Z" });
  hub.use(
    http.get("*/api/v1/events/2/causes", () =>
      HttpResponse.json({ event: event(2), causes: [cause], effects: [effect], truncated: false }),
    ),
  );
  const { user, where } = await open();
  await user.click(await screen.findByText("gone-2 left the fleet"));
  expect(where()).toContain("event=2");
  const drawer = await screen.findByRole("complementary", { name: "Event" });
  expect(await within(drawer).findByText("Asked for by ann")).toBeVisible();
  const chain = within(drawer).getAllByRole("list")[0]!;
  const steps = within(chain).getAllByRole("listitem").map(({ textContent }) => textContent);
  expect(steps[1]).toMatch(/−500 ms.*gone-1/);
  expect(steps[2]).toMatch(/this event.*gone-2/);
  expect(steps[3]).toMatch(/\+2\.0 s.*gone-3/);
  expect(within(drawer).getByText("gone-2", { selector: ".mono" })).toBeVisible();
  const after = within(drawer).getByRole("link", { name: "Just after" });
  expect(after).toHaveAttribute("href", expect.stringContaining("as_of=2026-01-31T12:00:00.501Z"));
  const command = await within(drawer).findByRole("link", { name: /Outcome of command/ });
  expect(command).toHaveAttribute("href", expect.stringContaining(`command=${CORRELATION}`));
});

test("an event that is not there is said to be so", async () => {
  hub.use(
    http.get("*/api/v1/events/9/causes", () =>
      HttpResponse.json(
        { error: { code: "EVENT_NOT_FOUND", message: "there is no event 9", details: {}, trace_id: "t" } },
        { status: 404 },
      ),
    ),
  );
  await open("?event=9");
  expect(await screen.findByText(/The log has no event 9/)).toBeVisible();
});

test("the file has what passes the filters, up to the instant that is shown", async () => {
  const { user } = await open(`?cluster_id=${CLUSTER}&as_of=2026-01-31T12:30:00.000Z`);
  await user.click(await screen.findByRole("button", { name: "Export" }));
  const link = await screen.findByRole("link", { name: /Download/ });
  const href = new URL(link.getAttribute("href")!, "http://hub.test");
  expect(href.pathname).toBe("/api/v1/events/export");
  expect(Object.fromEntries(href.searchParams)).toEqual({
    cluster_id: CLUSTER,
    from: "2026-01-31T11:30:00.000Z",
    to: "2026-01-31T12:30:00.000Z",
  });
});

test("health checks are asked for only while they are shown, and stay apart from the log", async () => {
  const end = vi.fn<() => void>();
  const subscribe = vi.spyOn(live, "subscribe").mockReturnValue(end);
  const { user } = await open();
  await waitFor(() => expect(told()).toHaveLength(2));
  expect(subscribe).not.toHaveBeenCalled();
  await user.click(screen.getByRole("switch", { name: "Health checks" }));
  expect(await screen.findByText("No check has come yet")).toBeVisible();
  expect(subscribe.mock.calls[0]![1]).toEqual({ event_types: ["CLUSTER_HEALTH_CHECKED"] });
  const payload = { cluster_id: CLUSTER, state: "ONLINE", health_score: 97, checks: [], answered: true };
  comes(event(0, { event_type: "CLUSTER_HEALTH_CHECKED", sequence: null, payload }));
  expect(await screen.findByText("Online, score 97")).toBeVisible();
  expect(told()).toHaveLength(2);
  await user.click(screen.getByRole("switch", { name: "Health checks" }));
  await waitFor(() => expect(end).toHaveBeenCalled());
});

test("older events follow where the list ends", async () => {
  hub.use(
    http.get("*/api/v1/events", ({ request }) => {
      const cursor = new URL(request.url).searchParams.get("cursor");
      return HttpResponse.json(
        cursor === "2" ? { items: [event(1)], next_cursor: null } : { items: [event(2)], next_cursor: "2" },
      );
    }),
  );
  await open();
  await waitFor(() => expect(told()).toEqual(["gone-2", "gone-1"]));
  expect(screen.getByText(/^2 events/)).toBeVisible();
});

test("a log that cannot be read says why, and is read again", async () => {
  let away = true;
  hub.use(
    http.get("*/api/v1/events", () =>
      away
        ? HttpResponse.json(
            { error: { code: "FORBIDDEN", message: "not for viewers", details: {}, trace_id: "t" } },
            { status: 403 },
          )
        : HttpResponse.json({ items: kept, next_cursor: null }),
    ),
  );
  const { user } = await open();
  expect(await screen.findByText("You may not see this")).toBeVisible();
  expect(screen.getByText(/^The log: not for viewers\./)).toBeVisible();
  away = false;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(told()).toHaveLength(2));
});

test("a filter counts while the list is paused, too", async () => {
  const named = event(1, { event_type: "CLUSTER_NAME_FREED", payload: { name: "gone-1" } });
  kept = [event(2), named];
  const { user } = await open();
  await waitFor(() => expect(told()).toEqual(["gone-2"]));
  await user.click(screen.getByRole("button", { name: "Live" }));
  kept = [named];
  await user.click(screen.getByRole("button", { name: "All types" }));
  await user.click(await screen.findByText("Cluster name freed", { selector: "[role=menu] *" }));
  await waitFor(() => expect(told()).toEqual([]));
  expect(screen.getByText("gone-1 may be used again")).toBeVisible();
});

test("where the stream went on with a gap the list begins anew, and reaches over none", async () => {
  kept = [];
  await open();
  await screen.findByText("Nothing has happened in this time");
  comes(event(3));
  await waitFor(() => expect(told()).toEqual(["gone-3"]));
  kept = [event(900), event(899)];
  act(() => useLiveState.setState({ lostAt: Date.now() }));
  await waitFor(() => expect(told()).toEqual(["gone-900", "gone-899"]));
});

test("how severe an alert is that fired is said in words", async () => {
  const alert = { id: "a", alertname: "DiskFull", severity: "CRITICAL", labels: {}, annotations: {} };
  kept = [event(1, { event_type: "ALERT_FIRED", payload: { alert } })];
  await open();
  expect(await screen.findByText("Critical alert fired")).toBeVisible();
});

test("that filters let nothing through says nothing of all events, until those are read", async () => {
  let answer: (() => void) | undefined;
  hub.use(
    http.get("*/api/v1/events", async ({ request }) => {
      const few = new URL(request.url).searchParams.has("correlation_id");
      if (!few) await new Promise<void>((resolve) => (answer = resolve));
      return HttpResponse.json({ items: few ? [] : kept, next_cursor: null });
    }),
  );
  const { user } = await open(`?correlation_id=${CORRELATION}`);
  await screen.findByText("No event passes the filters");
  await user.click(screen.getAllByRole("button", { name: "Clear all filters" })[0]!);
  await waitFor(() => expect(answer).toBeDefined());
  expect(screen.queryByText("Nothing has happened in this time")).toBeNull();
  answer!();
  await waitFor(() => expect(told()).toHaveLength(2));
});

test("an event of after the instant that is shown is said to be so", async () => {
  hub.use(
    http.get("*/api/v1/events/2/causes", () =>
      HttpResponse.json({ event: event(2), causes: [], effects: [], truncated: false }),
    ),
  );
  await open("?event=2&as_of=2026-01-31T11:30:00.000Z");
  expect(await screen.findByText(/had not happened yet/)).toBeVisible();
});

test("a paused list stands still in a storm that no list has room for", async () => {
  const { user } = await open();
  await waitFor(() => expect(told()).toEqual(["gone-2", "gone-1"]));
  await user.click(screen.getByRole("button", { name: "Live" }));
  comes(...Array.from({ length: MOST + 1 }, (_, at) => event(at + 3)));
  expect(await screen.findByRole("button", { name: "Paused · 1,000+ new" })).toBeVisible();
  expect(told()).toEqual(["gone-2", "gone-1"]);
});
