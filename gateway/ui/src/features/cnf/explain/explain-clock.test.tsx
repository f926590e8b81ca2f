import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import { differencesIn, explanation, PATIENT } from "@/components/explain/testing";
import { CnfPage } from "@/features/cnf/page";
import { readCnfSearch } from "@/features/cnf/search";
import { clock, clocksOf, ID, withFunctions } from "@/features/cnf/testing";
import type { EventRecord, PtpHistory } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

vi.setConfig({ testTimeout: 20_000 });

const CLOCK = `${ID}/worker-1/ens1fx/ptp4l`;
const WINDOW = "from=2026-03-04T11:00:00.000Z&to=2026-03-04T12:00:00.000Z";
const START = Date.parse("2026-03-04T11:00:00Z") / 1000;
const STEP = 60;

/** As far from its source before the window and in it; the sign changes from step to step. */
const history = (name: string, process: string, before: number, now: number): PtpHistory => ({
  cluster_id: ID,
  cluster_name: "edge-1",
  node_name: "worker-1",
  interface: name,
  from: "2026-03-04T10:00:00Z",
  to: "2026-03-04T12:00:00Z",
  step_seconds: STEP,
  series: [
    {
      process,
      points: Array.from({ length: 120 }, (_, step) => {
        const time = START + (step - 60) * STEP;
        return [time, ((time < START ? before : now) + (step % 3)) * (step % 2 === 0 ? 1 : -1)] as [number, number];
      }),
    },
  ],
  state: "LOCKED",
  changes: [],
});

const HISTORIES: Readonly<Record<string, PtpHistory>> = {
  ens1fx: history("ens1fx", "ptp4l", 4, 40_000),
  CLOCK_REALTIME: history("CLOCK_REALTIME", "phc2sys", 6, 12),
};

const changed = (sequence: number, payload: object): EventRecord => ({
  actor: "service:cnf",
  causation_id: "00000000-0000-4000-8000-000000000001",
  cluster_id: ID,
  cluster_name: "edge-1",
  correlation_id: "00000000-0000-4000-8000-000000000001",
  event_id: `00000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`,
  event_type: "CNF_STATUS_CHANGED",
  logged_at: "2026-03-04T11:30:00Z",
  payload: { area: "PTP", old_state: "LOCKED", new_state: "FREERUN", reason: "ptp4l tells so", ...payload },
  sequence,
  source: "cnf",
  timestamp: "2026-03-04T11:30:00Z",
});

let asked: URL[];

beforeEach(() => {
  asked = [];
  withFunctions({ clocks: clocksOf([clock(), clock({ interface: "CLOCK_REALTIME", process: "phc2sys" })]) });
  hub.use(
    http.get("*/api/v1/cnf/ptp/history", ({ request }) => {
      const url = new URL(request.url);
      asked.push(url);
      return HttpResponse.json(HISTORIES[url.searchParams.get("interface")!]);
    }),
    http.get("*/api/v1/events", ({ request }) => {
      asked.push(new URL(request.url));
      const items = [
        changed(14, { name: "worker-2/ens1fx" }),
        changed(13, { name: "worker-1/ens1fx" }),
        changed(12, { area: "WORKLOAD", name: "ran/du-0", new_state: "CRASHING", node_name: "worker-1", reason: "CrashLoopBackOff" }),
        { ...changed(11, {}), payload: null },
      ];
      return HttpResponse.json({ items, next_cursor: null });
    }),
  );
});

const page = (search: string) => show(<CnfPage />, { at: `/cnf?tab=clocks&${WINDOW}&${search}`, path: "/cnf", readSearch: readCnfSearch });

test("the window of a clock is explained by all clocks of its node, however their sign changes", async () => {
  const { user, where } = await page(`open=${CLOCK}`);
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain(`explain=${CLOCK}`);
  const shown = await explanation();
  const found = await differencesIn(shown);
  // Six nanoseconds more are what clocks do by themselves.
  expect(found).toEqual([expect.stringMatching(/^Clock ens1fx on worker-1 by ptp4l rose from 5 ns to 40 µs .* usually strays$/)]);
  expect(shown.getByText("1 of 2 series differs from before.")).toBeInTheDocument();
  const read = asked.filter(({ pathname, searchParams }) => pathname.endsWith("/ptp/history") && searchParams.get("from") === "2026-03-04T10:00:00.000Z");
  expect(read.map(({ searchParams }) => searchParams.get("interface"))).toEqual(["ens1fx", "CLOCK_REALTIME"]);
  await user.click(shown.getByRole("button", { name: "Close" }));
  expect(await screen.findByRole("complementary", { name: "Clock" })).toBeInTheDocument();
  expect(where()).not.toContain("explain");
});

test("what happened to network functions of its node in that time is told, and the cause is looked for in its cluster", async () => {
  await page(`open=${CLOCK}&explain=${CLOCK}`);
  const shown = await explanation();
  const told = within(await shown.findByRole("list", { name: "Events, the latest first" }, PATIENT)).getAllByRole("listitem");
  expect(told.map((each) => each.textContent)).toEqual([
    expect.stringContaining("Clock ens1fx on worker-1: locked → freerun (ptp4l tells so) event 13"),
    expect.stringContaining("Workload du-0 in ran: locked → crash-looping (CrashLoopBackOff) event 12"),
  ]);
  expect(await shown.findByRole("button", { name: "Look at edge-1" }, PATIENT)).toBeEnabled();
  const { searchParams } = asked.findLast(({ pathname }) => pathname === "/api/v1/events")!;
  expect(searchParams.get("event_type")).toBe("CNF_STATUS_CHANGED");
  expect(searchParams.get("to")).toBe("2026-03-04T12:00:00.000Z");
});

test("another clock that is opened is shown, not explained", async () => {
  await page(`open=${ID}/worker-1/CLOCK_REALTIME/phc2sys&explain=${CLOCK}`);
  expect(await screen.findByRole("complementary", { name: "Clock" }, PATIENT)).toBeInTheDocument();
  expect(screen.queryByRole("complementary", { name: "Explanation" })).not.toBeInTheDocument();
});
