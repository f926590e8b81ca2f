import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { Charts } from "@/features/chat/results/charts";
import { call, step } from "@/features/chat/testing";

const told = (id: string, values: [number, string][]) =>
  call({
    id,
    tool: "query_metrics",
    arguments: { query: `load_${id}` },
    result: { tool: "query_metrics", data: { series: [{ metric: { node: "w-1" }, values }] }, cut: [], next: null },
  });
const CURVE: [number, string][] = [[60, "1"], [120, "2"]]; // prettier-ignore

test("metrics over a time are seen below the answer, and nothing else is", async () => {
  const calls = [call(), told("now", [[60, "1"]]), told("hour", CURVE), call({ tool: "query_metrics", status: "ERROR", result: "too slow" })];
  render(<Charts steps={[step({ calls })]} />);
  expect(await screen.findByRole("figure", { name: "load_hour" })).toBeInTheDocument();
  expect(screen.getAllByRole("figure")).toHaveLength(1);
});

test("of many, the last three", () => {
  render(<Charts steps={["a", "b", "c", "d"].map((id) => step({ calls: [told(id, CURVE)] }))} />);
  expect(screen.getAllByRole("figure").map((each) => each.getAttribute("aria-label"))).toEqual(["load_b", "load_c", "load_d"]);
});
