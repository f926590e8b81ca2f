import { screen, within } from "@testing-library/react";
import { beforeAll, expect, test, vi } from "vitest";

import { Chart, type ChartSeries } from "@/components/chart/chart";
import { show } from "@/testing/render";

// Without a canvas the legend and the words stay, which are what is tested here.
vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));

// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/chart/figure"));

const one = (name: string, values: number[]): ChartSeries => ({
  name,
  points: [values.map((_, index) => index * 1000), values],
});
const chart = (series: ChartSeries[], more: object = {}) => (
  <Chart label="Load" series={series} range={{ start: 0, end: 10_000 }} {...more} />
);
const rows = () => screen.getAllByRole("rowheader").map((row) => row.textContent);

test("it says in words what it shows", async () => {
  await show(chart([one("a", [3, 1]), one("b", [9, 2])]));
  const image = await screen.findByRole("img", { name: /^Load: 2 series from/ });
  expect(image).toHaveAccessibleName(expect.stringContaining("lowest 1, highest 9 (b)"));
});

test("the legend has the figures of each series, and sorts by them", async () => {
  const { user } = await show(chart([one("a", [3, 1]), one("b", [9, 2]), one("c", [Number.NaN])]));
  const row = (await screen.findByRole("rowheader", { name: "b" })).closest("tr")!;
  expect(within(row).getAllByRole("cell").map((cell) => cell.textContent)).toEqual(["2", "2", "9"]);
  expect(rows()).toEqual(["a", "b", "c"]);
  await user.click(screen.getByRole("button", { name: "Max" }));
  expect(rows()).toEqual(["b", "a", "c"]);
  expect(screen.getByRole("columnheader", { name: "Max" })).toHaveAttribute("aria-sort", "descending");
});

test("a series is called by its name, and all of its labels are told where one points", async () => {
  await show(chart([{ ...one("cart-1", [1]), labels: { cluster: "edge-1", namespace: "shop", pod: "cart-1" } }, one("b", [2])]));
  const button = await screen.findByRole("button", { name: "cart-1" });
  expect(button.title).toMatch(/^\{cluster="edge-1", namespace="shop", pod="cart-1"\}\n/);
  expect(screen.getByRole("button", { name: "b" }).title).toMatch(/^b\n/);
});

test("a click shows one alone, Ctrl another as well, and again a click on the last all", async () => {
  const { user } = await show(chart([one("a", [1]), one("b", [2]), one("c", [3])]));
  const button = (name: string) => screen.getByRole("button", { name });
  await user.click(await screen.findByRole("button", { name: "a" }));
  expect(button("a")).toHaveAttribute("aria-pressed", "true");
  expect(button("b").closest("tr")).toHaveClass("is-hidden");
  await user.keyboard("{Control>}");
  await user.click(button("b"));
  await user.keyboard("{/Control}");
  expect(button("b").closest("tr")).not.toHaveClass("is-hidden");
  expect(button("c").closest("tr")).toHaveClass("is-hidden");
  await user.click(button("Show all 3"));
  expect(button("c").closest("tr")).not.toHaveClass("is-hidden");
});

test("of too many series the highest are shown, and it says so", async () => {
  const many = Array.from({ length: 60 }, (_, index) => one(`s${index}`, [index]));
  await show(chart(many));
  expect(await screen.findByText(/The 50 highest of 60 series are shown/)).toBeInTheDocument();
  expect(rows()).not.toContain("s9");
  expect(rows()).toContain("s10");
});

test("those that are shown are called by what tells them apart, what they share is said once", async () => {
  const of = (state: string, pod: number): ChartSeries => ({
    ...one(`state="${state}" pod="p${pod}"`, [state === "up" ? 1 : 0]),
    labels: { cluster: state === "up" ? "edge-1" : "edge-2", job: "kube", state, pod: `p${pod}` },
  });
  await show(chart(Array.from({ length: 50 }, (_, pod) => [of("up", pod), of("down", pod)]).flat()));
  expect(await screen.findByText(/The 50 highest of 100 series are shown, all of \{cluster="edge-1", state="up"\}\./)).toBeInTheDocument();
  expect(rows().slice(0, 2)).toEqual(["p0", "p1"]);
  expect(new Set(rows()).size).toBe(50);
});

test("the keyboard zooms in and out", async () => {
  const onZoom = vi.fn();
  const onZoomBack = vi.fn();
  const { user } = await show(chart([one("a", [1, 2])], { onZoom, onZoomBack }));
  (await screen.findByRole("slider", { name: "Time in Load" })).focus();
  await user.keyboard("+");
  expect(onZoom).toHaveBeenCalledWith(2_500, 7_500);
  await user.keyboard("-");
  expect(onZoomBack).toHaveBeenCalledOnce();
});

test("what happened is told in words too", async () => {
  await show(chart([one("a", [1])], { annotations: [{ at: 0, label: "Node lost" }] }));
  expect(await screen.findByText(/: Node lost$/)).toBeInTheDocument();
});
