import { expect, test } from "vitest";

import { lineOf } from "@/features/observability/logs/line";
import {
  aligned,
  bucketsOf,
  bucketsOfLines,
  countingQuery,
  levelsIn,
  stepFor,
} from "@/features/observability/logs/volume";
import type { ClusterLogs } from "@/generated/api.schemas";

const T = Date.parse("2026-11-26T04:00:00Z");
const WINDOW = { start: T, end: T + 180_000 };

test("steps are round, and so are the ends of the window", () => {
  expect(stepFor(T, T + 3_600_000)).toBe(60_000);
  expect(aligned(T + 5, T + 61_000, 60_000)).toEqual({ start: T, end: T + 120_000 });
});

test("the counting query stands on lines of its own, for the asked one may end in a comment", () => {
  expect(countingQuery('{app="a"} # all', 30_000)).toBe(
    'sum by (level, detected_level) (count_over_time({app="a"} # all\n[30s]))',
  );
});

test("a value counts the step that ends at it, and clusters are added up", () => {
  const result = (metric: Record<string, string>, values: [number, string][]) =>
    ({ data: [{ metric, values }] }) as unknown as ClusterLogs;
  const made = bucketsOf(
    [
      result({ detected_level: "error" }, [[T / 1000 + 60, "2"]]),
      result({ level: "error" }, [[T / 1000 + 60, "3"]]),
      result({}, [[T / 1000 + 180, "7"]]),
      result({}, [[T / 1000 + 999, "9"]]),
    ],
    WINDOW,
    60_000,
  );
  expect(made.map(({ total }) => total)).toEqual([5, 0, 7]);
  expect(made[0]!.levels.get("error")).toBe(5);
  expect(levelsIn(made)).toEqual(["error", undefined]);
});

test("lines that are at hand are counted by their times", () => {
  const line = (second: number) =>
    lineOf({
      cluster_id: "c",
      cluster_name: "c",
      stream: {},
      message: "level=warn",
      timestamp: new Date(T + second * 1000).toISOString(),
    });
  const made = bucketsOfLines([line(0), line(59.9), line(60)], WINDOW, 60_000);
  expect(made.map(({ total }) => total)).toEqual([2, 1, 0]);
  expect(made[0]!.levels.get("warning")).toBe(2);
});
