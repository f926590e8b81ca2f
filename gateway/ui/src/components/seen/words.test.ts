import { expect, test } from "vitest";

import { bestPlace, nameInWords, queryPlace, withinInWords } from "@/components/seen/words";
import type { RcaSeen } from "@/generated/api.schemas";

const seen = (changed: Partial<RcaSeen>): RcaSeen => ({
  cluster_id: "c1",
  backend: "TEMPO",
  name: "TRACE_ERRORS",
  severity: "WARNING",
  where: ["workload/shop/cart"],
  text: "calls failed",
  query: "{status=error}",
  start: "2026-01-31T11:00:00Z",
  end: "2026-01-31T12:00:00Z",
  ...changed,
});

test("a trace opens by itself, over the query that found it", () => {
  const search = { query: "{status=error}", clusters: ["c1"], from: "2026-01-31T11:00:00Z", to: "2026-01-31T12:00:00Z" };
  expect(bestPlace(seen({}))).toEqual({ to: "/observability/traces", search });
  expect(bestPlace(seen({ trace_id: "ab" }))).toEqual({ to: "/observability/traces", search: { ...search, trace: "ab" } });
});

test("of logs with an example the query opens, not the trace", () => {
  expect(bestPlace(seen({ backend: "LOKI", trace_id: "ab" }))?.to).toBe("/observability/logs");
});

test("of a backend without a page the example is the way there", () => {
  expect(bestPlace(seen({ backend: "OTHER" as never }))).toBeUndefined();
  expect(bestPlace(seen({ backend: "OTHER" as never, trace_id: "ab" }))).toMatchObject({ to: "/observability/traces", search: { trace: "ab" } });
});

test.each([
  ['metric:metric:kube_pod_info{namespace="shop"}?namespace=shop', "metrics", ['kube_pod_info{namespace="shop"}']],
  ["metric:metric:up == 0", "metrics", ["up == 0"]],
  ['log:application:{kubernetes_namespace_name="shop"}', "logs", '{kubernetes_namespace_name="shop"}'],
  ['trace:span:{resource.k8s.namespace.name="shop"}', "traces", '{resource.k8s.namespace.name="shop"}'],
])("what Korrel8r relates opens where its signals are: %s", (told, page, query) => {
  expect(queryPlace(seen({ backend: "KORREL8R", query: told }))).toEqual({
    to: `/observability/${page}`,
    search: { query, clusters: ["c1"], from: "2026-01-31T11:00:00Z", to: "2026-01-31T12:00:00Z" },
  });
});

test.each(['k8s:Pod.v1:{"name":"cart"}', 'log:application:{ "namespace": "shop" }', "alert:alert:{}", "trace:span:ab", "metric:metric:", ""])(
  "no page shows %s",
  (query) => {
    expect(bestPlace(seen({ backend: "KORREL8R", query }))).toBeUndefined();
  },
);

test("a time that nobody knows is within what was asked for", () => {
  expect(withinInWords(seen({}))).toBe("within the hour");
  expect(withinInWords(seen({ start: "2026-01-31T09:30:00Z" }))).toBe("within 2 h 30 min");
});

test("names are told as people say them", () => {
  expect(["ROLLOUT_BEGAN", "LOG_DNS", "LOG_DISK_FULL", "CPU_THROTTLED"].map(nameInWords)).toEqual([
    "Rollout began",
    "Log: DNS",
    "Log: disk full",
    "CPU throttled",
  ]);
});
