import { expect, test } from "vitest";

import { areaOf, shapeInWords, stepInWords, stepsOf } from "@/features/incidents/detail/shape";
import { entry } from "@/features/incidents/testing";

const START = Date.parse("2026-01-31T12:00:00Z");
const at = (seconds: number) => ({ at: new Date(START + seconds * 1_000).toISOString() });

const STORM = [
  entry(3, { ...at(60), added: 0, ended: 4, signals: 9, lasting: 5 }),
  entry(2, { ...at(10), added: 6, signals: 9, lasting: 9 }),
  entry(1, { ...at(0), event_type: "INCIDENT_OPENED", added: 3, signals: 3, lasting: 3 }),
];

test("each step counts what came in it, and what lasts is carried on until something changes", () => {
  const steps = stepsOf(STORM, START + 120_000);
  const during = (seconds: number) => steps.find(({ start, end }) => start <= START + seconds * 1_000 && START + seconds * 1_000 < end)!;
  expect(during(0)).toMatchObject({ came: 3, lasting: 3 });
  expect(during(10)).toMatchObject({ came: 6, lasting: 9 });
  expect(during(40)).toMatchObject({ came: 0, lasting: 9 });
  expect(during(60)).toMatchObject({ ended: 4, lasting: 5 });
  expect(during(119)).toMatchObject({ came: 0, lasting: 5 });
  expect(steps.reduce((all, { came }) => all + came, 0)).toBe(9);
});

test("what another incident brings counts as come", () => {
  const merged = entry(4, { ...at(90), event_type: "INCIDENT_MERGED", added: 0, signals: 20, lasting: 12 });
  const steps = stepsOf([merged, ...STORM], START + 120_000);
  expect(steps.reduce((all, { came }) => all + came, 0)).toBe(20);
});

test("where numbers are hidden, nothing is made up", () => {
  const hidden = entry(4, { ...at(90), added: 2, signals: null, lasting: null, ended: null, resumed: null, redacted: true });
  const steps = stepsOf([hidden, ...STORM], START + 120_000);
  expect(steps.at(-1)!.lasting).toBeUndefined();
  expect(steps.reduce((all, { came }) => all + came, 0)).toBe(11);
});

test("a long one has no more steps than can be seen", () => {
  expect(stepsOf(STORM, START + 30 * 86_400_000).length).toBeLessThan(100);
});

test("it is told in words, too", () => {
  expect(stepInWords({ start: 0, end: 1, came: 1, ended: 2, lasting: 30 })).toBe("1 signal joined, 2 ended, 30 lasting");
  expect(shapeInWords(stepsOf(STORM, START + 120_000))).toBe("9 signals joined in this time, 9 lasted at most at once");
});

test("the area has the height of what lasts", () => {
  const step = { start: 0, end: 1, came: 0, ended: 0 };
  expect(areaOf([{ ...step, lasting: 10 }, { ...step, lasting: 5 }], 10)).toBe("0,100 0,0.00 1,0.00 1,50.00 2,50.00 2,100");
});
