import { expect, test } from "vitest";

import { linesOf, movedInWords, saidOf, sumOf, whyOf, whyOfAll } from "@/features/incidents/detail/lines";
import { entry, incidentId } from "@/features/incidents/testing";

const at = (time: string) => ({ at: `2026-01-31T${time}Z` });

test("what came within a minute is one line, what people did stands by itself", () => {
  const entries = [
    entry(6, at("12:01:50")),
    entry(5, at("12:01:20")),
    entry(4, { event_type: "INCIDENT_ACKNOWLEDGED", actor: "ada", ...at("12:01:10") }),
    entry(3, at("12:01:05")),
    entry(2, at("12:00:59")),
    entry(1, { event_type: "INCIDENT_OPENED", ...at("12:00:30") }),
  ];
  expect(linesOf(entries).map((line) => line.entries.map(({ sequence }) => sequence))).toEqual([[6, 5], [4], [3], [2], [1]]);
});

test("a line sums up what came and went", () => {
  const sum = sumOf([entry(2, { added: 12, ended: 3 }), entry(1, { added: 1, resumed: 2, ended: null })]);
  expect(sum).toEqual({ added: 13, ended: 3, resumed: 2 });
  expect(movedInWords(sum)).toBe("13 signals joined, 3 ended, 2 came back");
  expect(movedInWords({ added: 0, ended: 1, resumed: 0 })).toBe("1 signal ended");
});

test("reasons are told without the numbers that stand beside them", () => {
  expect(whyOf(entry(1, { reason: "12 joined: same node as 3 of 4; 2 have ended; 1 are there again" }))).toBe("same node as 3 of 4");
  expect(whyOf(entry(1, { reason: "2 have ended" }))).toBe("");
  expect(whyOf(entry(1, { event_type: "INCIDENT_RESOLVED", reason: "2 joined: is what ada wrote" }))).toBe("2 joined: is what ada wrote");
  expect(whyOf(entry(1, { reason: null }))).toBe("");
});

test("the hub's reasons are told without codes, what people write as it is", () => {
  const of = (actor: string) => entry(1, { event_type: "INCIDENT_OPENED", actor, reason: "WORKLOAD_CRASHING belongs to nothing that is known" });
  expect(whyOf(of("service:incidents"))).toBe("Workload crash-looping belongs to nothing that is known");
  expect(whyOf(of("ada"))).toBe("WORKLOAD_CRASHING belongs to nothing that is known");
  expect(whyOf(entry(1, { reason: "3 joined: same name HighErrorRate as 2 of its 4 signals there" }))).toBe(
    "same name “High error rate” as 2 of its 4 signals there",
  );
});

test("of many reasons the newest is told, and how many others there are", () => {
  const entries = ["3 joined: same node", "1 joined: same pod", "2 joined: same node"].map((reason, n) => entry(n, { reason }));
  expect(whyOfAll(entries)).toEqual({ first: "same node", others: 1 });
});

const OTHER = incidentId(2);

test.each([
  [entry(1, { event_type: "INCIDENT_OPENED", added: 6 }), null, "Opened with 6 signals"],
  [entry(1, { event_type: "INCIDENT_RESOLVED" }), null, "Resolved by itself"],
  [entry(1, { event_type: "INCIDENT_RESOLVED", actor: "ada" }), null, "Resolved by ada"],
  [entry(1, { event_type: "INCIDENT_REOPENED" }), null, "Open again"],
  [entry(1, { event_type: "INCIDENT_MERGED", other_id: OTHER }), null, "Merged with another incident"],
  [entry(1, { event_type: "INCIDENT_MERGED", other_id: OTHER }), OTHER, "Ended in another incident"],
  [entry(1, { event_type: "INCIDENT_SPLIT", actor: "ada", moved: 3, other_id: OTHER }), null, "3 signals split off by ada"],
])("an event is told in few words", (told, mergedInto, words) => {
  expect(saidOf(told, mergedInto, false)).toBe(words);
});

test("one that began by a split says so", () => {
  const told = entry(1, { event_type: "INCIDENT_SPLIT", actor: "ada", moved: 3, other_id: OTHER });
  expect(saidOf(told, null, true)).toBe("Split off by ada with 3 signals");
});
