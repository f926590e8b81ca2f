import { expect, test } from "vitest";

import type { ConsumerState, ProjectionBuild, StreamState } from "@/generated/api.schemas";

import type { Part, Report } from "@/features/operations/report";
import { allIsWell, problems, secondsBehind, unusual } from "@/features/operations/verdict";

const build = (more: Partial<ProjectionBuild> = {}): ProjectionBuild => ({
  name: "fleet",
  slot: "live",
  version: 4,
  state: "live",
  error: null,
  sequence: 10,
  log_sequence: 10,
  lag: 0,
  rate: 1,
  poison_events: 0,
  updated_at: "2026-01-31T12:00:00Z",
  partitions: [],
  ...more,
});
const part = (name: string, more: Partial<Part> = {}): Part => ({
  part: name,
  instance: `${name}-1`,
  ready: true,
  checks: { bus: { ready: true } },
  ...more,
});
const report = (more: Partial<Report> = {}): Report => ({
  ready: true,
  checks: { bus: { ready: true } },
  parts: [part("gateway"), part("projector"), part("workers")],
  projections: [build()],
  ...more,
});
const consumer = (more: Partial<ConsumerState> = {}): ConsumerState => ({
  name: "clusters",
  durable: true,
  filters: [],
  pending: 0,
  ack_pending: 0,
  redelivered: 0,
  waiting: 1,
  delivered_sequence: 1,
  last_active: null,
  ...more,
});
const stream = (more: Partial<StreamState> = {}): StreamState => ({
  name: "CMD",
  subjects: ["cmd.>"],
  messages: 0,
  bytes: 0,
  first_sequence: 1,
  last_sequence: 0,
  first_at: null,
  last_at: null,
  replicas: 1,
  limits: { bytes: 100, messages: null, age_seconds: null, fullness: 0, when_full: "new" },
  consumers: [consumer()],
  consumers_truncated: false,
  ...more,
});
const said = (known: Parameters<typeof problems>[0]) => problems(known).map(({ what }) => what);

test("with nothing unusual all is well, in one sentence", () => {
  const known = { report: report(), streams: [stream()], letters: { items: [], next_cursor: null } };
  expect(problems(known)).toEqual([]);
  expect(allIsWell(known)).toBe(
    "All is well: 3 processes ready, 1 projection up to date, 1 stream with room, nothing that could not be handled.",
  );
});

test("a process that no one hears of is missed", () => {
  expect(said({ report: report({ parts: [part("gateway"), part("projector")] }) })).toEqual([
    "No process of workers is heard of",
  ]);
});

test("the same check of the gateway that answers is told once", () => {
  const checks = { bus: { ready: false, detail: "no route" } };
  const parts = [part("gateway", { ready: false, checks }), part("projector"), part("workers")];
  expect(said({ report: report({ ready: false, checks, parts }) })).toEqual([
    "Bus of this gateway is not ready: no route",
  ]);
});

test("a projection that stands still comes before one that is behind, and is told once", () => {
  const checks = { "projection.alerts": { ready: false, detail: "bad row" } };
  const parts = [part("gateway"), part("projector", { ready: false, checks }), part("workers")];
  const projections = [
    build({ lag: 60_000, rate: 1_000 }),
    build({ name: "alerts", state: "stopped", error: "bad row", lag: null }),
  ];
  expect(said({ report: report({ parts, projections }) })).toEqual([
    "Projection alerts stands still: bad row",
    "Projection fleet is 60,000 events behind, about 1 min",
  ]);
});

test("a burst that is folded within seconds is no problem", () => {
  expect(said({ report: report({ projections: [build({ lag: 5_000, rate: 2_000 })] }) })).toEqual([]);
  expect(said({ report: report({ projections: [build({ lag: 5_000, rate: 0 })] }) })).toHaveLength(1);
});

test("a full stream is a problem only where it refuses what is new", () => {
  const full = { bytes: 100, messages: null, age_seconds: null, fullness: 0.97 };
  expect(problems({ streams: [stream({ limits: { ...full, when_full: "new" } })] })[0]?.tone).toBe("danger");
  expect(said({ streams: [stream({ limits: { ...full, when_full: "old" } })] })).toEqual([]);
});

test("what is unusual with a consumer", () => {
  expect(unusual(consumer())).toEqual([]);
  expect(unusual(consumer({ redelivered: 1 }))).toEqual(["1 message given again, not handled so far"]);
  expect(unusual(consumer({ pending: 2_000 }))).toEqual(["2,000 messages wait"]);
  expect(unusual(consumer({ pending: 2_000, durable: false }))).toEqual([]);
});

test("dead letters, and a live stream that stands still", () => {
  const letter = { items: [{ id: 1 } as never], next_cursor: null };
  expect(said({ letters: letter })).toEqual(["1 message could not be handled"]);
  expect(
    said({
      streaming: {
        instance: "a",
        position: 1,
        in_memory_from: 0,
        error: "no bus",
        telemetry_error: null,
        clients: { ws: 95 },
        most_clients: 100,
        subscriptions: 0,
        catching_up: 0,
      },
    }),
  ).toEqual([
    "The live stream stands still: no bus",
    "95 of at most 100 live connections are taken",
  ]);
});

test("how long what is behind will take", () => {
  expect(secondsBehind({ lag: 0, rate: null })).toBe(0);
  expect(secondsBehind({ lag: 100, rate: 50 })).toBe(2);
  expect(secondsBehind({ lag: 100, rate: 0 })).toBeUndefined();
});
