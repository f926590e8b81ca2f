import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import { differencesIn, explanation, PATIENT } from "@/components/explain/testing";
import { GpuPage } from "@/features/gpu/page";
import { readGpuSearch } from "@/features/gpu/search";
import { CLUSTER, detail, gpu, map, summary } from "@/features/gpu/testing";
import type { EventRecord, GpuColumn, GpuHistory } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

vi.setConfig({ testTimeout: 20_000 });

const NODE = `${CLUSTER}/gpu-1`;
const WINDOW = "from=2026-03-04T11:00:00.000Z&to=2026-03-04T12:00:00.000Z";
const START = Date.parse("2026-03-04T11:00:00Z") / 1000;
const STEP = 30;

/** From as long before the window; NaN: not told. */
const line = (at: number, metric: GpuColumn, before: number, now: number): GpuHistory["series"][number] => ({
  gpu_uuid: at === 0 ? "GPU-a" : "GPU-b",
  index: at,
  name: "NVIDIA H100",
  metric,
  points: Array.from({ length: 240 }, (_, step) => {
    const time = START + (step - 120) * STEP;
    const value = (time < START ? before : now) + (step % 3) / 10;
    return [time, Number.isNaN(value) ? null : value] as [number, number | null];
  }),
});

const hot = [line(0, "temperature_celsius", 50, 90), line(0, "sm_clock_mhz", 1980, 1980), line(0, "fan_speed_percent", Number.NaN, Number.NaN)];
const calm = [line(1, "temperature_celsius", 50, 50), line(1, "memory_used_mb", 1_000, 4_000)];

const event = (sequence: number, event_type: string, payload: object): EventRecord => ({
  actor: "service:gpu",
  causation_id: "00000000-0000-4000-8000-000000000001",
  cluster_id: CLUSTER,
  cluster_name: "north",
  correlation_id: "00000000-0000-4000-8000-000000000001",
  event_id: `00000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`,
  event_type,
  logged_at: "2026-03-04T11:30:00Z",
  payload: { gpu_uuid: "GPU-a", gpu_index: 0, node_name: "gpu-1", ...payload },
  sequence,
  source: "gpu",
  timestamp: "2026-03-04T11:30:00Z",
});

let asked: URL[];
let events: EventRecord[];

beforeEach(() => {
  asked = [];
  events = [
    event(12, "GPU_XID_ERROR", { xid: 79, description: "GPU has fallen off the bus" }),
    event(11, "GPU_DISAPPEARED", { node_name: "gpu-2" }),
  ];
  hub.use(
    http.get("*/api/v1/gpu/summary", () => HttpResponse.json(summary())),
    http.get("*/api/v1/gpu/map", () => HttpResponse.json(map())),
    http.get("*/api/v1/gpu/nodes/:cluster/:name", () =>
      HttpResponse.json(detail({ gpus: [gpu(), gpu({ uuid: "GPU-b", index: 1 })] })),
    ),
    http.get("*/api/v1/gpu/history", ({ request }) => {
      const url = new URL(request.url);
      asked.push(url);
      const uuid = url.searchParams.get("gpu_uuid");
      return HttpResponse.json({
        cluster_id: CLUSTER,
        cluster_name: "north",
        node_name: "gpu-1",
        from: url.searchParams.get("from")!,
        to: url.searchParams.get("to")!,
        step_seconds: STEP,
        aggregation: "AVG",
        source: "SAMPLES",
        series: [...hot, ...calm].filter(({ gpu_uuid }) => uuid === null || uuid === gpu_uuid),
      } satisfies GpuHistory);
    }),
    http.get("*/api/v1/events", ({ request }) => {
      asked.push(new URL(request.url));
      return HttpResponse.json({ items: events, next_cursor: null });
    }),
  );
});

const page = (search: string) => show(<GpuPage />, { at: `/gpu?${WINDOW}&${search}`, path: "/gpu", readSearch: readGpuSearch });

test("beside a node, the window of one of its GPUs is explained by all its values, ranked", async () => {
  const { user, where } = await page(`open=${NODE}&gpu=0`);
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain(`explain=${NODE}`);
  const shown = await explanation();
  expect(await differencesIn(shown)).toEqual([expect.stringMatching(/^Temperature rose from 50\.1 °C to 90\.1 °C \(80 % more\), .* usually strays$/)]);
  // The fan, of which its source does not tell, is none of them.
  expect(shown.getByText("1 of 2 series differs from before.")).toBeInTheDocument();
  expect(shown.getByText("GPU 0 of gpu-1")).toBeInTheDocument();
  const { searchParams } = asked.findLast(({ pathname }) => pathname === "/api/v1/gpu/history")!;
  expect(searchParams.get("gpu_uuid")).toBe("GPU-a");
  expect(searchParams.get("from")).toBe("2026-03-04T10:00:00.000Z");
  expect(searchParams.getAll("metric")).toHaveLength(9);
  await user.click(shown.getByRole("button", { name: "Close" }));
  expect(await screen.findByRole("complementary", { name: "Node with GPUs" })).toBeInTheDocument();
  expect(where()).not.toContain("explain");
});

test("beside the history, all GPUs of the node are, each value by its GPU and in its unit", async () => {
  const { user } = await page(`tab=history&of=${NODE}`);
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  const found = await differencesIn(await explanation());
  expect(found).toHaveLength(2);
  expect(found.join("\n")).toMatch(/GPU 0: Temperature rose from 50\.1 °C/);
  expect(found.join("\n")).toMatch(/GPU 1: Memory used rose from 1000 MiB to 3\.9 GiB/);
});

test("what happened to them in that time is told, and the cause is looked for in their cluster", async () => {
  await page(`tab=history&of=${NODE}&explain=${NODE}`);
  const shown = await explanation();
  const told = within(await shown.findByRole("list", { name: "Events, the latest first" }, PATIENT)).getAllByRole("listitem");
  expect(told).toHaveLength(1);
  expect(told[0]).toHaveTextContent("XID 79 on GPU 0 on gpu-1: GPU has fallen off the bus event 12");
  expect(await shown.findByRole("button", { name: "Look at north" }, PATIENT)).toBeEnabled();
  const { searchParams } = asked.findLast(({ pathname }) => pathname === "/api/v1/events")!;
  expect(searchParams.get("cluster_id")).toBe(CLUSTER);
  expect(searchParams.get("to")).toBe("2026-03-04T12:00:00.000Z");
});

test("that nothing happened to a GPU is said", async () => {
  events = [];
  await page(`open=${NODE}&gpu=1&explain=${NODE}`);
  expect(await (await explanation()).findByText("The log tells of no event of this GPU.", {}, PATIENT)).toBeInTheDocument();
});

test("another node that is opened is shown, not explained", async () => {
  await page(`open=${CLUSTER}/gpu-2&explain=${NODE}`);
  expect(await screen.findByRole("complementary", { name: "Node with GPUs" }, PATIENT)).toBeInTheDocument();
  expect(screen.queryByRole("complementary", { name: "Explanation" })).not.toBeInTheDocument();
});
