import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { latestChange, stepBack, stepForth } from "@/app/time-machine/steps";
import { written } from "@/app/time-machine/instants";
import { getListEventsResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";

const NOON = Date.parse("2026-03-04T12:00:00Z");

/** Events that happened then (milliseconds after noon), and the log had so much later. */
function log(...told: [happened: number, later: number][]) {
  const [record] = getListEventsResponseMock().items;
  const events = told.map(([happened, later], at) => ({
    ...record!,
    sequence: at + 1,
    timestamp: written(NOON + happened).replace("Z", "250Z"),
    logged_at: written(NOON + happened + later).replace("Z", "250Z"),
    logged: NOON + happened + later + 0.25,
  }));
  hub.use(
    http.get("*/api/v1/events", ({ request }) => {
      const { searchParams: asked } = new URL(request.url);
      const time = (name: string, otherwise: number) => Date.parse(asked.get(name) ?? "") || otherwise;
      const found = events.filter(
        ({ sequence, logged }) =>
          logged < time("to", Infinity) &&
          logged <= time("as_of", Infinity) &&
          sequence > Number(asked.get("since_sequence") ?? 0) &&
          sequence < Number(asked.get("cursor") ?? Infinity),
      );
      if (asked.get("order") === "desc") found.reverse();
      return HttpResponse.json({ items: found.slice(0, Number(asked.get("limit"))), next_cursor: null });
    }),
  );
  /** How many were in the log at an instant. */
  return (at: number) => events.filter(({ logged }) => logged <= at).length;
}

const events: [number, number][] = [
  [0, 1],
  [500, 30],
  [10_000, 2],
  [10_900, 250],
  [60_000, 5_000],
  [200_000, 1],
];

test("forwards every event comes, one at a time, however late the log had it", async () => {
  const known = log(...events);
  let at: number | undefined = NOON - 1;
  const seen: number[] = [];
  for (;;) {
    at = await stepForth(written(at));
    if (at === undefined) break;
    seen.push(known(at));
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
});

test("backwards too, and time only falls", async () => {
  const known = log(...events);
  let at = NOON + 1_000_000;
  const seen: number[] = [];
  for (;;) {
    const before = await stepBack(written(at));
    if (before === undefined) break;
    expect(before).toBeLessThan(at);
    at = before;
    seen.push(known(at));
  }
  expect(seen).toEqual([5, 4, 3, 2, 1]);
});

test("two events of one moment are one step", async () => {
  const known = log([0, 1], [1_000, 1], [1_000, 1]);
  const at = await stepBack(written(NOON + 5_000));
  expect(known(at!)).toBe(1);
});

test("just before the latest change it had not happened", async () => {
  const known = log(...events);
  const latest = await latestChange();
  expect(latest?.event.sequence).toBe(6);
  expect(known(latest!.at)).toBe(5);
});

test("where nothing has happened there is nowhere to go", async () => {
  log();
  await expect(latestChange()).resolves.toBeUndefined();
  await expect(stepForth(written(NOON))).resolves.toBeUndefined();
  await expect(stepBack(written(NOON))).resolves.toBeUndefined();
});
