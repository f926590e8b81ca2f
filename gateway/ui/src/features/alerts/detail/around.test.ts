import { expect, test } from "vitest";

import { aroundStart, logqlOf, promqlOf, safeLink } from "@/features/alerts/detail/around";
import { alert } from "@/features/alerts/testing";

test("the expression of the rule is taken from its link", () => {
  const generator_url = "http://prometheus/graph?g0.expr=up+%3D%3D+0&g0.tab=1";
  expect(promqlOf(alert("1", { generator_url }))).toBe("up == 0");
});

test.each([null, "no link", "http://prometheus/graph"])("without one (%s) the series of its alerts are asked for", (generator_url) => {
  const labels = { alertname: "Alert1", namespace: "shop", pod: 'a"b\\c', severity: "warning" };
  expect(promqlOf(alert("1", { generator_url, labels }))).toBe(
    String.raw`ALERTS{alertname="Alert1",namespace="shop",pod="a\"b\\c"}`,
  );
});

test("logs are found by namespace and pod, or not at all", () => {
  expect(logqlOf({ labels: { namespace: "shop", pod: "api-1" } })).toBe('{namespace="shop",pod="api-1"}');
  expect(logqlOf({ labels: { node: "n1" } })).toBeUndefined();
});

test("around its beginning is half an hour either way, but not what has not come yet", () => {
  const begun = { starts_at: "2026-01-31T12:00:00Z" };
  expect(aroundStart(begun, Date.parse("2026-02-01T00:00:00Z"))).toEqual({
    from: "2026-01-31T11:30:00.000Z",
    to: "2026-01-31T12:30:00.000Z",
  });
  expect(aroundStart(begun, Date.parse("2026-01-31T12:10:00Z")).to).toBe("2026-01-31T12:10:00.000Z");
});

test("only links of the web are followed", () => {
  expect(safeLink("https://runbooks.example/a b")).toBe("https://runbooks.example/a%20b");
  expect(safeLink("javascript:alert(1)")).toBeUndefined();
  expect(safeLink("data:text/html,x")).toBeUndefined();
  expect(safeLink("runbook 7")).toBeUndefined();
});
