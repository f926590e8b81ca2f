import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { AuditPage } from "@/features/events/audit/page";
import { readAuditSearch } from "@/features/events/audit/search";
import type { LogEvent } from "@/features/events/event";
import { asking, hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

const CLUSTER = "0f45f335-880f-5d63-a813-4e4af646b9fe";
const entry = (sequence: number, more: Partial<LogEvent> = {}): LogEvent => ({
  event_id: `90b941b6-2803-58e4-9682-${String(sequence).padStart(12, "0")}`,
  event_type: "CLUSTER_DELETED",
  sequence,
  source: "/services/clusters",
  cluster_id: CLUSTER,
  cluster_name: "hub-1",
  timestamp: "2026-01-31T12:00:00.500Z",
  logged_at: "2026-01-31T12:00:00.500Z",
  payload: { cluster_id: CLUSTER, name: `gone-${sequence}` },
  correlation_id: CLUSTER,
  causation_id: CLUSTER,
  actor: "ada",
  ...more,
});
const DENIED = entry(9, {
  event_type: "ACCESS_DENIED",
  cluster_id: null,
  cluster_name: null,
  actor: "ann",
  payload: {
    user: "ann",
    role: "viewer",
    method: "GET",
    path: "/api/v1/tokens",
    times: 2,
    first_at: "2026-01-31T12:00:00Z",
    last_at: "2026-01-31T12:00:00Z",
  },
});

let asked: URLSearchParams[];
let pages: LogEvent[][];

beforeEach(() => {
  asked = [];
  pages = [[DENIED, entry(2)]];
  hub.use(
    http.get("*/api/v1/audit", ({ request }) => {
      const params = new URL(request.url).searchParams;
      asked.push(params);
      const at = Number(params.get("cursor") ?? 0);
      return HttpResponse.json({ items: pages[at] ?? [], next_cursor: at + 1 < pages.length ? String(at + 1) : null });
    }),
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
  );
});

const open = (search = "") => show(<AuditPage />, { at: `/audit${search}`, path: "/audit", readSearch: readAuditSearch });
const rowOf = async (text: string | RegExp) => (await screen.findByTitle(text)).closest<HTMLElement>('[role="row"]')!;

test("who did what, in words, and what was refused stands out", async () => {
  await open();
  const done = await rowOf("gone-2 left the fleet");
  expect(within(done).getByRole("button", { name: "ada" })).toBeVisible();
  expect(within(done).getByRole("link", { name: "hub-1" })).toHaveAttribute("href", `/clusters/${CLUSTER}`);
  expect(done).not.toHaveClass("is-alarming");
  const refused = await rowOf("ann (viewer) may not GET /api/v1/tokens, 2 times");
  expect(within(refused).getByText("Access denied")).toBeVisible();
  expect(refused).toHaveClass("is-alarming");
});

test("filters and time range go to the hub", async () => {
  await open(`?actor=ann&event_type=ACCESS_DENIED&cluster_id=${CLUSTER}&from=2026-01-31T00:00:00Z&to=2026-02-01T00:00:00Z`);
  await waitFor(() => expect(asked).not.toHaveLength(0));
  expect(Object.fromEntries(asked[0]!)).toMatchObject({
    actor: "ann",
    event_type: "ACCESS_DENIED",
    cluster_id: CLUSTER,
    from: "2026-01-31T00:00:00.000Z",
    to: "2026-02-01T00:00:00.000Z",
  });
});

test("a type that the audit log does not hold is not asked for", async () => {
  await open("?event_type=GPU_DISAPPEARED&event_type=LOGGED_IN");
  await waitFor(() => expect(asked).not.toHaveLength(0));
  expect(asked[0]!.getAll("event_type")).toEqual(["LOGGED_IN"]);
});

test("a name is asked for when it is whole, and a click on one shows only theirs", async () => {
  const { user, where } = await open();
  const field = await screen.findByRole("textbox", { name: "Who: the whole name" });
  await user.type(field, "ann");
  expect(where()).toBe("/audit");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(where()).toBe("/audit?actor=ann"));
  await user.click(within(await rowOf("gone-2 left the fleet")).getByRole("button", { name: "ada" }));
  await waitFor(() => expect(where()).toBe("/audit?actor=ada"));
  expect(asked.at(-1)!.get("actor")).toBe("ada");
  await user.click(screen.getByRole("button", { name: "Clear all filters" }));
  await waitFor(() => expect(where()).toBe("/audit"));
});

test("older entries are read as far as the hub has some", async () => {
  pages = [[entry(5)], [entry(4)], [entry(3)]];
  await open();
  expect(await screen.findByTitle("gone-3 left the fleet")).toBeVisible();
  expect(asked.map((params) => params.get("cursor"))).toEqual([null, "1", "2"]);
  expect(screen.getByText(/3 entries/)).toBeVisible();
});

test("an entry opens beside the list, by its address too", async () => {
  hub.use(
    http.get("*/api/v1/events/9/causes", () =>
      HttpResponse.json({ event: DENIED, causes: [], effects: [], truncated: false }),
    ),
    http.get("*/api/v1/events", () => HttpResponse.json({ items: [], next_cursor: null })),
  );
  const { user, where } = await open();
  await user.click(await screen.findByTitle("ann (viewer) may not GET /api/v1/tokens, 2 times"));
  await waitFor(() => expect(where()).toBe("/audit?event=9"));
  const drawer = within(await screen.findByRole("complementary", { name: "Event" }));
  expect(await drawer.findByRole("link", { name: "This entity's history" })).toBeVisible();
});

test("what is new is read when the stream tells of it", async () => {
  const say = hearing();
  await open();
  await screen.findByTitle("gone-2 left the fleet");
  pages = [[entry(10), DENIED, entry(2)]];
  say({ event_type: "CLUSTER_DELETED", cluster_id: CLUSTER });
  expect(await screen.findByTitle("gone-10 left the fleet", {}, { timeout: 4_000 })).toBeVisible();
});

test("in the past nothing later is asked for", async () => {
  await open("?as_of=2026-01-31T12:30:00.000Z");
  await waitFor(() => expect(asked).not.toHaveLength(0));
  expect(asked[0]!.get("to")).toBe("2026-01-31T12:30:00.000Z");
  expect(asked[0]!.get("from")).toBe("2026-01-31T11:30:00.000Z");
});

test("nobody has done anything: that is said, and how to look further back", async () => {
  pages = [[]];
  const { user, where } = await open();
  expect(await screen.findByText("Nobody has changed anything in this time")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Look at the last 30 days" }));
  expect(where()).toBe("/audit?from=now-30d");
});

test.each([
  ["viewer", []],
  ["operator", []],
  ["admin", [CLUSTER]],
] as const)("others are told whom it is for, and nothing is asked for them (%s)", async (role, clusters) => {
  asking({ user: "ann", role, clusters: [...clusters] });
  await open();
  expect(await screen.findByText("You may not see this")).toBeVisible();
  expect(screen.getByText(new RegExp(`You are ann, ${role} of`))).toBeVisible();
  expect(asked).toEqual([]);
});

test("a right that was lost meanwhile is no fault", async () => {
  hub.use(
    http.get("*/api/v1/audit", () =>
      HttpResponse.json(
        { error: { code: "PERMISSION_DENIED", message: "only an administrator of all clusters may do this", details: {}, trace_id: "t" } },
        { status: 403 },
      ),
    ),
  );
  await open();
  expect(await screen.findByText("You may not see this")).toBeVisible();
});
