import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { ReplaysPage } from "@/features/replays/page";
import { readReplaysSearch } from "@/features/replays/search";
import { askedOf, changesInWords, EMPTY, movesOf, NUMBERS, problemOf } from "@/features/replays/words";
import type { ReplayAsked, ReplayResult, ReplayView } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

const ID = "00000000-0000-4000-8000-d00000000001";
const INCIDENT = "00000000-0000-4000-8000-d00000000002";

const result = (changed: Partial<ReplayResult> = {}): ReplayResult => ({
  told: 3,
  again: 2,
  equal: 2,
  is_equal: false,
  signals_told: 9,
  signals_again: 9,
  signals_merged: 4,
  seconds_to_tell: 31.5,
  seconds_to_tell_again: 61.5,
  differences: [
    { kind: "LOST", id: INCIDENT, title: "NodeDown on w-3", cluster_ids: [], at: "2026-01-31T11:30:00Z", text: "of its 4 signals 4 would be of another" },
  ],
  events: 40,
  ...changed,
});

const replay = (changed: Partial<ReplayView> = {}): ReplayView => ({
  id: ID,
  state: "COMPLETED",
  asked: { kind: "CORRELATION", start: "2026-01-31T11:00:00Z", end: "2026-01-31T12:00:00Z", correlation: { settle_seconds: 60 } },
  started_at: "2026-01-31T12:00:00Z",
  started_by: "ada",
  sequence: 7,
  ended_at: "2026-01-31T12:00:03Z",
  is_equal: false,
  differences: 1,
  code: null,
  reason: null,
  redacted: false,
  result: result(),
  ...changed,
});

/** A hub with these replays; what it was asked to start comes back as it grows. */
function answering(...replays: ReplayView[]) {
  const heard = { started: [] as ReplayAsked[], cancelled: 0 };
  let now = replays;
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
    http.get("*/api/v1/replays", () => HttpResponse.json({ items: now, total: now.length, page: 1, page_size: 50, total_pages: 1 })),
    http.get("*/api/v1/replays/:id", ({ params }) => HttpResponse.json(now.find(({ id }) => id === params["id"]))),
    http.post("*/api/v1/replays", async ({ request }) => {
      heard.started.push((await request.json()) as ReplayAsked);
      now = [replay({ state: "RUNNING", result: null, is_equal: null, differences: null, ended_at: null })];
      return HttpResponse.json(now[0], { status: 201 });
    }),
    http.post("*/api/v1/replays/:id/cancel", () => {
      heard.cancelled += 1;
      now = [replay({ state: "FAILED", code: "CANCELLED", reason: "somebody has cancelled it", result: null, is_equal: null, differences: null })];
      return HttpResponse.json(now[0]);
    }),
  );
  return heard;
}

const showReplays = (at = "/replays") => show(<ReplaysPage />, { at, path: "/replays", readSearch: readReplaysSearch });

test("replays are listed with what they come to", async () => {
  answering(replay(), replay({ id: INCIDENT, is_equal: true, differences: 0, asked: { ...replay().asked, kind: "RCA", correlation: null } }));
  await showReplays();
  const table = await screen.findByRole("table", { name: "Replays" });
  expect(within(table).getByText("1 difference")).toBeInTheDocument();
  expect(within(table).getByText("warnings wait 60 s")).toBeInTheDocument();
  expect(within(table).getByText("All the same")).toBeInTheDocument();
  expect(within(table).getByText("as it is set")).toBeInTheDocument();
});

test("one shows what was, what would have been, and leads to what happened", async () => {
  answering(replay());
  await showReplays(`/replays?replay=${ID}`);
  const link = await screen.findByRole("link", { name: "NodeDown on w-3" });
  expect(link).toHaveAttribute("href", `/incidents/${INCIDENT}`);
  expect(screen.getByRole("row", { name: "Incidents 3 2" })).toBeInTheDocument();
  expect(screen.getByRole("row", { name: "Told after (median) 31.5 s 61.5 s" })).toBeInTheDocument();
  expect(screen.getByText("4 signals together with others.")).toBeInTheDocument();
});

test("history is run again as it was typed, and cancelled", async () => {
  const user = userEvent.setup();
  const heard = answering();
  await showReplays();
  await user.click(await screen.findByRole("button", { name: "Run history again" }));
  await user.type(screen.getByLabelText("A warning waits for company (s)"), "60");
  await user.click(screen.getByRole("button", { name: "Run it again" }));
  await waitFor(() => expect(heard.started).toHaveLength(1));
  expect(heard.started[0]).toMatchObject({ kind: "CORRELATION", correlation: { settle_seconds: 60 }, cluster_ids: [] });
  await user.click(await screen.findByRole("button", { name: "Cancel it" }));
  expect(await screen.findByText("It was not run to the end: somebody has cancelled it.")).toBeInTheDocument();
  expect(heard.cancelled).toBe(1);
});

test("what is no number is not sent", async () => {
  const user = userEvent.setup();
  answering();
  await showReplays("/replays?replay=new");
  await user.type(await screen.findByLabelText("Over after (s)"), "soon");
  expect(screen.getByText("A number from 1 to 86400.")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Run it again" })).toBeDisabled();
});

test("who may only read starts nothing", async () => {
  answering();
  asking({ role: "viewer" });
  await showReplays();
  expect(await screen.findByText("Nothing was run again")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Run history again" })).not.toBeInTheDocument();
});

test("only what was typed for its kind is asked", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  const typed = { ...EMPTY, settle: "5", known: "60", sensitivity: "HIGH" as const, learning: "2" };
  expect(askedOf({ ...typed, kind: "RCA", hours: 1 }, now)).toEqual({
    kind: "RCA",
    start: "2026-01-31T11:00:00.000Z",
    end: "2026-01-31T12:00:00.000Z",
    cluster_ids: [],
    rca: { known_from: 0.6 },
  });
  const detection = askedOf({ ...typed, kind: "DETECTION" }, now);
  expect(detection.detection).toEqual({ sensitivity: "HIGH", learning_seconds: 7_200 });
  expect(changesInWords(detection)).toBe("sensitivity high, learnt for 2 h");
  expect(askedOf(EMPTY, now)).not.toHaveProperty("correlation");
});

test("numbers have bounds, and what moved is said", () => {
  const quiet = NUMBERS.find(({ name }) => name === "quiet")!;
  expect([problemOf(quiet, ""), problemOf(quiet, "60")]).toEqual([undefined, undefined]);
  expect([problemOf(quiet, "0"), problemOf(quiet, "x")].every(Boolean)).toBe(true);
  expect(movesOf(result({ signals_merged: 0 }))).toBe("");
  expect(movesOf(result({ signals_lost: 1 }))).toBe("1 signal in none, 4 signals together with others");
});
