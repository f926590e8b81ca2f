import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";

import type { GpuNodeDetail, GpuSummary } from "@/generated/api.schemas";
import { live } from "@/lib/live";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

import { GpuPage } from "@/features/gpu/page";
import { readGpuSearch } from "@/features/gpu/search";
import { CLUSTER, detail, gpu, map, node, OTHER, summary, update } from "@/features/gpu/testing";

let figures: GpuSummary;
let one: GpuNodeDetail;
let asked: URL[];

const paged = { page: 1, page_size: 100, total_pages: 1 };

beforeEach(() => {
  figures = summary();
  one = detail();
  asked = [];
  const answer = (of: () => object) => (told: { request: Request }) => {
    asked.push(new URL(told.request.url));
    return HttpResponse.json(of() as never);
  };
  hub.use(
    http.get("*/api/v1/gpu/summary", answer(() => figures)),
    http.get("*/api/v1/gpu/map", answer(() => map())),
    http.get("*/api/v1/gpu/nodes", answer(() => ({ items: [node()], total: 1, ...paged }))),
    http.get("*/api/v1/gpu/nodes/:cluster/:name", answer(() => one)),
    http.get("*/api/v1/gpu/processes", answer(() => ({ items: [], total: 0, ...paged, total_pages: 0 }))),
    http.get(
      "*/api/v1/gpu/thresholds",
      answer(() => ({
        thresholds: [{ metric: "TEMPERATURE", raise_at: 85, clear_at: 80, unit: "°C" }],
        raised: [
          {
            cluster_id: OTHER,
            cluster_name: "south",
            node_name: "gpu-2",
            gpu_uuid: "GPU-c",
            gpu_index: 0,
            gpu_name: "NVIDIA A100",
            metric: "TEMPERATURE",
            value: 91,
            threshold: 85,
            since: "2026-03-04T11:58:00Z",
          },
        ],
        total: 1,
        ...paged,
      })),
    ),
    http.get(
      "*/api/v1/gpu/history",
      answer(() => ({
        cluster_id: CLUSTER,
        cluster_name: "north",
        node_name: "gpu-1",
        from: "2026-03-04T11:00:00Z",
        to: "2026-03-04T12:00:00Z",
        step_seconds: 15,
        aggregation: "AVG",
        source: "SAMPLES",
        series: [],
      })),
    ),
  );
});

const open = (at: string) => show(<GpuPage />, { at, path: "/gpu", readSearch: readGpuSearch });
const last = (path: string) => asked.findLast(({ pathname }) => pathname === path)!;

test("the head says in words what is wrong, and leads there", async () => {
  figures = summary({ lost: 1, stale_nodes: 2 });
  const { user, where } = await open("/gpu");
  const head = await screen.findByRole("list", { name: "The GPUs in words" });
  expect(head).toHaveTextContent("3 GPUs on 2 nodes");
  expect(within(head).getByRole("link", { name: "1 lost" })).toHaveAttribute("href", "/gpu?show=lost&view=table");
  expect(within(head).getByRole("link", { name: "2 nodes have stopped reporting" })).toBeVisible();
  expect(within(head).getByRole("link", { name: "1 allocated but idle" })).toBeVisible();
  await user.click(within(head).getByRole("link", { name: "1 too hot" }));
  await waitFor(() => expect(where()).toBe("/gpu?tab=thresholds&raised=TEMPERATURE"));
});

test("of GPUs on stale nodes it says that they do not report", async () => {
  hub.use(
    http.get("*/api/v1/gpu/map", () =>
      HttpResponse.json(map({ nodes: [[0, "gpu-1", 10, false], [1, "gpu-2", 300, true]] })),
    ),
  );
  await open("/gpu");
  expect(await screen.findByText("2 of 3 GPUs report")).toBeVisible();
});

test("without a GPU in the fleet it says how they are found", async () => {
  figures = summary({ gpus: 0, nodes: 0, hottest: null });
  await open("/gpu");
  expect(await screen.findByRole("heading", { name: "No GPU is known of" })).toBeVisible();
  expect(screen.getByText("pods/exec")).toBeVisible();
});

test("what cannot be read is said, and read again when asked", async () => {
  let away = true;
  hub.use(
    http.get("*/api/v1/gpu/summary", () =>
      away ? HttpResponse.json({ error: { message: "The database is away." } }, { status: 503 }) : HttpResponse.json(figures),
    ),
  );
  const { user } = await open("/gpu");
  expect(await screen.findByText(/The database is away/)).toBeVisible();
  away = false;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("3 GPUs on 2 nodes")).toBeVisible();
});

test("figures that are not known are not 0", async () => {
  figures = summary({ utilization_gpu_percent: null, power_draw_watts: null, power_limit_watts: null });
  await open("/gpu");
  const totals = await screen.findByRole("region", { name: "All GPUs in figures" });
  expect(within(totals).getAllByText("not known")).toHaveLength(2);
});

test("by arrow keys the map is read out, and Enter opens the node", async () => {
  const { user, where } = await open("/gpu");
  const stage = await screen.findByRole("application", { name: "3 GPUs by utilisation" });
  stage.focus();
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(screen.getByText(/GPU 1 of gpu-1, north, H100: 0 % busy, memory 10 %, 31 °C, 70 W. Allocated but idle/)).toBeInTheDocument();
  await user.keyboard("{End}");
  expect(screen.getByText(/GPU 0 of gpu-2, south, A100: not known busy, .*91 °C, 240 W. Over a threshold/)).toBeInTheDocument();
  await user.keyboard("{Enter}");
  expect(where()).toBe(`/gpu?open=${OTHER}/gpu-2&gpu=0`);
});

test("the same as a table: all, or those with one mark", async () => {
  const { user, where } = await open("/gpu?view=table");
  const table = await screen.findByRole("table", { name: "GPUs" });
  expect(within(table).getAllByRole("row")).toHaveLength(4);
  await user.click(screen.getByRole("button", { name: "Allocated but idle 1" }));
  expect(where()).toBe("/gpu?view=table&show=wasted");
  const [, row, ...others] = within(screen.getByRole("table", { name: "GPUs" })).getAllByRole("row");
  expect(row).toHaveTextContent("gpu-1 GPU 1");
  expect(others).toEqual([]);
  await user.click(within(screen.getByRole("table", { name: "GPUs" })).getByRole("button", { name: "Temp." }));
  expect(where()).toContain("sort=temperature");
});

test("a sample that the stream tells is seen at once", async () => {
  vi.spyOn(live, "subscribe").mockReturnValue(() => {});
  const tell = hearing();
  await open("/gpu?view=table");
  const table = await screen.findByRole("table", { name: "GPUs" });
  expect(within(table).queryByText("97 %")).toBeNull();
  tell({ event_type: "GPU_UPDATE", sequence: null, payload: update() as never });
  expect(await within(table).findByText("97 %")).toBeVisible();
  expect(live.subscribe).toHaveBeenCalledWith(expect.any(String), { event_types: ["GPU_UPDATE"] });
});

test("in the past everything is read as it was, and nothing is live", async () => {
  const subscribe = vi.spyOn(live, "subscribe");
  await open(`/gpu?as_of=2026-03-04T12:00:00Z&open=${CLUSTER}/gpu-1`);
  await screen.findByRole("application");
  await screen.findByRole("complementary", { name: "Node with GPUs" });
  await waitFor(() => expect(asked.length).toBeGreaterThanOrEqual(4));
  expect(asked.filter(({ searchParams }) => searchParams.get("as_of") !== "2026-03-04T12:00:00Z")).toEqual([]);
  expect(subscribe).not.toHaveBeenCalled();
});

test("a row of a breakdown narrows the page to itself, and widens it again", async () => {
  const { user, where } = await open("/gpu");
  await user.click(await screen.findByRole("button", { name: "north" }));
  expect(where()).toBe(`/gpu?cluster_id=${CLUSTER}`);
  await waitFor(() => expect(last("/api/v1/gpu/summary").searchParams.getAll("cluster_id")).toEqual([CLUSTER]));
  await user.click(screen.getByRole("button", { name: "north", pressed: true }));
  expect(where()).toBe("/gpu");
});

test("nodes are listed with their source and why, and sorted by the hub", async () => {
  const { user, where } = await open("/gpu?tab=nodes&stale=false");
  const table = await screen.findByRole("table", { name: "Nodes with GPUs" });
  expect(within(table).getByText("DCGM").closest("[title]")).toHaveAttribute("title", one.source_reason);
  expect(within(table).getByText(/GPU 0: 60 % busy, memory 50 %, 58 °C, 350 W/)).toBeInTheDocument();
  expect(last("/api/v1/gpu/nodes").searchParams.get("stale")).toBe("false");
  await user.click(within(table).getByRole("button", { name: "Hottest" }));
  expect(where()).toContain("sort=temperature");
  await waitFor(() => expect(last("/api/v1/gpu/nodes").searchParams.get("sort")).toBe("temperature"));
});

test("a GPU tells why it is slow, what its XID means, who holds it, and what is not known", async () => {
  const xid = { xid: 79, description: "GPU has fallen off the bus", at: "2026-03-04T11:59:00Z" };
  one = detail({
    gpus: [
      gpu({
        utilization_gpu_percent: null,
        throttle_reasons: ["SW_POWER_CAP"],
        xid: 79,
        last_xid: xid,
        wasted: true,
        mig: [{ gpu_instance_id: 3, profile: "1g.10gb", memory_total_mb: 10_240 }],
        processes: [
          { gpu_uuid: "GPU-a", attribution: "POD", namespace: "training", pod: "llm-0", container: "main" },
          { gpu_uuid: "GPU-a", pid: 4_711, process_name: "python3", used_memory_mb: 1_024 },
        ],
      }),
    ],
    lost: [{ uuid: "GPU-z", index: 7, name: null, last_seen_at: "2026-03-04T11:50:00Z" }],
  });
  await open(`/gpu?tab=nodes&open=${CLUSTER}/gpu-1`);
  const drawer = await screen.findByRole("complementary", { name: "Node with GPUs" });
  const entry = await within(drawer).findByRole("article", { name: "GPU 0" });
  expect(entry).toHaveTextContent("Busynot known");
  expect(entry).toHaveTextContent("XID 79 GPU has fallen off the bus");
  expect(entry).toHaveTextContent("Slowed down: power limit reached");
  expect(entry).toHaveTextContent("Allocated but idle for long");
  expect(entry).toHaveTextContent("1g.10gb");
  expect(within(entry).getByRole("link", { name: "Logs of llm-0" })).toHaveAttribute(
    "href",
    expect.stringContaining("/observability/logs?query="),
  );
  expect(entry).toHaveTextContent("Not known where");
  expect(entry).toHaveTextContent("python3 · pid 4711");
  expect(within(drawer).getByText("GPU 7 is lost")).toBeVisible();
  expect(within(drawer).getByRole("link", { name: "Around node gpu-1" })).toHaveAttribute("href", expect.stringContaining(`&near=node/gpu-1@${CLUSTER}`));
  expect(within(entry).getByRole("link", { name: /^Around GPU GPU-a/ })).toBeVisible();
});

test("a node of which nothing is known is said to be so", async () => {
  hub.use(http.get("*/api/v1/gpu/nodes/:cluster/:name", () => HttpResponse.json({ error: {} }, { status: 404 })));
  await open(`/gpu?tab=nodes&open=${CLUSTER}/gone`);
  expect(await screen.findByText("Nothing is known of GPUs of this node.")).toBeVisible();
});

test("processes are asked for by what the URL says", async () => {
  const { user } = await open("/gpu?tab=processes&attribution=UNKNOWN&gpu_uuid=GPU-a");
  expect(await screen.findByRole("heading", { name: "No process is like that" })).toBeVisible();
  expect(last("/api/v1/gpu/processes").search).toContain("attribution=UNKNOWN&gpu_uuid=GPU-a");
  await user.type(screen.getByRole("searchbox", { name: /Find processes/ }), "llm");
  await waitFor(() => expect(last("/api/v1/gpu/processes").searchParams.get("q")).toBe("llm"));
});

test("history is of a node that is chosen, and offers the hottest", async () => {
  const { user, where } = await open("/gpu?tab=history&over=MAX&column=power_draw_watts");
  await user.click(await screen.findByRole("button", { name: /the hottest GPU: gpu-2/ }));
  expect(where()).toContain(`of=${OTHER}/gpu-2`);
  expect(await screen.findByRole("region", { name: "Power" })).toBeVisible();
  const { searchParams } = last("/api/v1/gpu/history");
  expect(searchParams.getAll("metric")).toEqual(["power_draw_watts"]);
  expect(searchParams.get("aggregation")).toBe("MAX");
});

test("thresholds: levels, what is not watched, and where each is crossed", async () => {
  const { user, where } = await open("/gpu?tab=thresholds");
  const levels = await screen.findByRole("group", { name: "Levels" });
  expect(within(levels).getByRole("row", { name: /^Temperature 85 °C 80 °C AIOPS_GPU__TEMPERATURE$/ })).toBeVisible();
  expect(within(levels).getByRole("row", { name: /^Power of its limit not watched/ })).toBeVisible();
  await user.click(screen.getByText("91 °C"));
  expect(where()).toContain(`open=${OTHER}/gpu-2&gpu=0`);
});
