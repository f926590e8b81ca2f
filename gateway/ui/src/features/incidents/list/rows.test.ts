import { expect, test } from "vitest";

import { paramsOf, withHead } from "@/features/incidents/list/rows";
import { headOf, incident, OTHER_CLUSTER } from "@/features/incidents/testing";

test("without a wish those that are not over are asked for, the worst first; of the past the newest first", () => {
  expect(paramsOf({})).toEqual({ state: ["OPEN", "ACKNOWLEDGED"], sort: "severity", include: ["CAUSE"] });
  expect(paramsOf({ state: ["RESOLVED"] })).toMatchObject({ state: ["RESOLVED"], sort: "-opened_at" });
});

test("a row is as its head was told last", () => {
  const row = incident(1);
  const told = withHead(row, headOf(row, { signals: 400, lasting: 312, severity: "CRITICAL", acknowledged_by: "ada", state: "ACKNOWLEDGED" }));
  expect(told).toMatchObject({ signals: 400, lasting: 312, severity: "CRITICAL", acknowledged_by: "ada", state: "ACKNOWLEDGED" });
  expect(told.clusters).toBe(row.clusters);
});

test("numbers and title of one that is not shown whole are never taken from an event", () => {
  const row = incident(1, { redacted: true, signals: 2, lasting: 1 });
  const told = withHead(row, headOf(row, { title: "not shown", signals: 400, lasting: 312, state: "RESOLVED" }));
  expect(told).toMatchObject({ title: "Incident1", signals: 2, lasting: 1, state: "RESOLVED" });
});

test("nor those of one that is shown whole no more", () => {
  const row = incident(1, { signals: 2 });
  const told = withHead(row, headOf(row, { title: "not shown: this incident is also about other clusters", signals: 400 }));
  expect(told).toMatchObject({ title: "Incident1", signals: 2 });
});

test("nor those of one that has come to another cluster, which may be hidden", () => {
  const row = incident(1, { signals: 2 });
  const told = withHead(row, headOf(row, { cluster_ids: [...row.cluster_ids, OTHER_CLUSTER], signals: 400 }));
  expect(told.signals).toBe(2);
});
