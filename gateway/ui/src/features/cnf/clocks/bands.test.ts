import { expect, test } from "vitest";

import { bandsOf } from "@/features/cnf/clocks/bands";
import type { ClockChange } from "@/generated/api.schemas";

const at = (minute: number) => `2026-03-04T11:${String(minute).padStart(2, "0")}:00Z`;
const change = (minute: number, new_state: ClockChange["new_state"]): ClockChange => ({
  at: at(minute),
  old_state: null,
  new_state,
  reason: "told so",
  offset_ns: null,
});
const between = { from: at(0), to: at(59) };

test("each stretch without a source is a band until the next change", () => {
  const changes = [change(10, "HOLDOVER"), change(20, "FREERUN"), change(30, "LOCKED")];
  expect(bandsOf({ ...between, state: "LOCKED", changes })).toEqual([
    { at: Date.parse(at(10)), until: Date.parse(at(20)), label: "Holdover: told so", tone: "warning" },
    { at: Date.parse(at(20)), until: Date.parse(at(30)), label: "Freerun: told so", tone: "danger" },
  ]);
});

test("one that began before and one that lasts reach to the ends", () => {
  expect(bandsOf({ ...between, state: "FREERUN", changes: [change(10, "LOCKED"), change(50, "HOLDOVER")] })).toEqual([
    { at: Date.parse(at(0)), until: Date.parse(at(10)), label: "Freerun", tone: "danger" },
    { at: Date.parse(at(50)), until: Date.parse(at(59)), label: "Holdover: told so", tone: "warning" },
  ]);
});

test("where nothing is known there is no band", () => {
  expect(bandsOf({ ...between, state: null, changes: [] })).toEqual([]);
});
