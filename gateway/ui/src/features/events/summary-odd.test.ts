import { expect, test } from "vitest";

import type { RcaResult } from "@/generated/api.schemas";

import { entityName, entityOf } from "@/features/events/event";
import { lookOf } from "@/features/events/names";
import { summary } from "@/features/events/summary";
import { analysis, made } from "@/features/events/testing";

const alert = { alertname: "NodeHighLoad", labels: {} };
const token = { token_id: "5e0b7b35-4f54-4f3c-9c1b-7b354f544f3c", name: "grafana", role: "viewer" };

test("a payload that is gone is said to be so, and an unknown shape or type is no fault", () => {
  expect(summary(made("ALERT_FIRED", null))).toBe("Its payload is no longer kept");
  expect(summary(made("ALERT_FIRED", {}))).toBe("");
  expect(summary(made("GPU_FELL_OFF", {}))).toBe("");
  expect(lookOf(made("GPU_FELL_OFF", {}))[0]).toBe("GPU fell off");
  expect(entityOf(made("GPU_FELL_OFF", {}))).toBeUndefined();
});

test("an analysis says whether the cause is known, and what is behind nothing", () => {
  const told = (changes: Partial<RcaResult>) => summary(made("RCA_COMPLETE", { result: { ...analysis, ...changes } }));
  expect(told({ is_known: false })).toBe("Cause unknown, best guess node w-3 (node, 91 %)");
  expect(told({ causes: [], explanation: "Nothing was wrong" })).toBe("Nothing was wrong");
});

test("a critical alert looks otherwise than a warning", () => {
  const looks = (["CRITICAL", "WARNING"] as const).map((severity) =>
    lookOf(made("ALERT_FIRED", { alert: { ...alert, severity } })),
  );
  expect(looks.map(([, tone]) => tone)).toEqual(["danger", "warning"]);
  expect(looks[0]![2]).not.toBe(looks[1]![2]);
});

test("people and addresses are found in the log under the ids that it writes", () => {
  const at = (payload: object) => entityOf(made("LOGINS_FAILED", payload));
  expect(at({ address: "10.0.0.7" })).toEqual({ type: "logins", id: "10=2E0=2E0=2E7" });
  expect(entityOf(made("ACCESS_DENIED", { user: "ann@x.é" }))?.id).toBe("ann=40x=2E=C3=A9");
  // The log keeps a hash of it.
  expect(at({ address: ".".repeat(60) })).toBeUndefined();
  expect(entityName(made("ACCESS_DENIED", { user: "ann@x.é" }))).toBe("ann@x.é");
  expect(entityName(made("TOKEN_REVOKED", token))).toBe("grafana");
});
