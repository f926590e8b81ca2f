import { expect, test } from "vitest";

import { patchOf } from "@/features/clusters/detail/changes";
import { consoleOf, safeUrl } from "@/features/clusters/detail/links";
import { draftOf, EMPTY, problemsOf, registrationOf } from "@/features/clusters/shared/draft";
import { cluster } from "@/features/clusters/testing/data";

const good = { ...EMPTY, name: "edge-1", api_server_url: "https://api.example.com:6443" };

test("a good registration has no problems", () => {
  expect(problemsOf(good)).toEqual({});
});

test.each([
  ["name", { name: "ab" }],
  ["name", { name: "Edge" }],
  ["name", { name: "edge-" }],
  ["api_server_url", { api_server_url: "" }],
  ["api_server_url", { api_server_url: "ftp://example.com" }],
  ["api_server_url", { api_server_url: "https://me:secret@example.com" }],
  ["labels", { labels: "team=a b" }],
  ["site", { site: "No!" }],
  ["region", { region: "x".repeat(129) }],
  ["endpoints.tempo_url", { endpoints: { ...EMPTY.endpoints, tempo: "tempo" } }],
])("%s is told to be wrong", (field, changed) => {
  expect(Object.keys(problemsOf({ ...good, ...changed }))).toEqual([field]);
});

test("what a form makes of a registration is the same registration", () => {
  const before = cluster({ labels: { a: "b", "example.com/c": "" }, region: "eu" });
  expect(patchOf(draftOf(before), draftOf(before))).toEqual({});
  expect(registrationOf(draftOf(before))).toMatchObject({
    labels: { a: "b", "example.com/c": "" },
    region: "eu",
    endpoints: { prometheus_url: "https://prometheus.example.com", loki_url: null },
  });
});

test("an endpoint that is taken away becomes null", () => {
  const before = draftOf(cluster());
  expect(patchOf(before, { ...before, endpoints: EMPTY.endpoints })).toEqual({
    endpoints: { prometheus_url: null },
  });
});

test("only what a browser may open is a link", () => {
  expect(safeUrl("javascript:alert(1)")).toBeUndefined();
  expect(safeUrl("https://loki.example.com")).toBe("https://loki.example.com");
  expect(consoleOf("https://api.prod.example.com:6443")).toBe(
    "https://console-openshift-console.apps.prod.example.com",
  );
  expect(consoleOf("https://10.0.0.1:6443")).toBeUndefined();
});
