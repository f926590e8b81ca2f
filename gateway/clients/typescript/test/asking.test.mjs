import assert from "node:assert/strict";
import { test } from "node:test";
import { caughtUp, event, events, opened, settled, socket, subscribed } from "./fake-socket.mjs";

const said = (socket, type) => socket.said.filter((frame) => frame.type === type);

/** A stream whose subscription `all` is live at 10, and its socket. */
async function live(options) {
  const stream = opened(options);
  const first = stream.next();
  const one = await socket(0);
  one.hear(subscribed(10), caughtUp(10));
  assert.equal((await first).value.type, "caught_up");
  return { stream, one };
}

test("a subscription that is added is asked for at once, and catches up alone", async () => {
  const { stream, one } = await live();
  stream.subscribe("more", { event_types: ["ALERT_FIRED"], since_sequence: 3 });
  assert.deepEqual(said(one, "subscribe").at(-1), {
    type: "subscribe",
    id: "more",
    batch: true,
    subscription: { event_types: ["ALERT_FIRED"], since_sequence: 3 },
  });
  one.hear(subscribed(3, "more"), event(5), event(8), caughtUp(10, "more"), event(12));
  const seen = await events(stream, 3);
  assert.deepEqual(
    seen.map(({ sequence, subscriptions }) => [sequence, subscriptions]),
    [
      [5, ["more"]],
      [8, ["more"]],
      [12, ["all", "more"]],
    ],
  );
  assert.deepEqual(stream.positions, { all: 12, more: 12 });
  stream.close();
});

test("a subscription that is added before there is a connection is asked for when there is", async () => {
  const stream = opened();
  stream.subscribe("more", { since_time: "2026-01-01T00:00:00Z" });
  assert.deepEqual(stream.positions, { all: null, more: null });
  void stream.next();
  const one = await socket(0);
  const asked = said(one, "subscribe").map(({ id, subscription }) => [id, subscription]);
  assert.deepEqual(asked, [
    ["all", {}],
    ["more", { since_time: "2026-01-01T00:00:00Z" }],
  ]);
  stream.close();
});

test("over a lost connection what was added goes on, and what has ended does not", async () => {
  const { stream, one } = await live();
  stream.subscribe("more", {});
  stream.subscribe("less", {});
  one.hear(subscribed(10, "more"), caughtUp(10, "more"));
  one.hear(subscribed(10, "less"), caughtUp(10, "less"), event(11));
  await events(stream, 1);
  stream.unsubscribe("less");
  assert.deepEqual(said(one, "unsubscribe"), [{ type: "unsubscribe", id: "less" }]);
  assert.deepEqual(stream.positions, { all: 11, more: 11 });
  one.hear(event(14));
  assert.deepEqual((await events(stream, 1))[0].subscriptions, ["all", "more"]);
  one.close(1006);
  assert.equal((await stream.next()).value.type, "reconnecting");
  void stream.next();
  const two = await socket(1);
  const asked = said(two, "subscribe").map(({ id, subscription }) => [id, subscription]);
  assert.deepEqual(asked, [
    ["all", { since_sequence: 14 }],
    ["more", { since_sequence: 14 }],
  ]);
  stream.close();
});

test("what ends a subscription that catches up leaves the others where they are", async () => {
  const { stream, one } = await live();
  stream.subscribe("past", { since_sequence: 0 });
  one.hear(subscribed(0, "past"), event(4));
  assert.deepEqual((await events(stream, 1))[0].subscriptions, ["past"]);
  stream.unsubscribe("past");
  // Was on its way; the hub tells of no end, and goes on with what is live.
  one.hear(event(6), event(15));
  const seen = await events(stream, 2);
  assert.deepEqual(seen.at(-1).subscriptions, ["all"]);
  assert.deepEqual(stream.positions, { all: 15 });
  stream.close();
});

test("answers to a subscription that has ended meanwhile change nothing", async () => {
  const { stream, one } = await live();
  stream.subscribe("brief", {});
  stream.unsubscribe("brief");
  one.hear(subscribed(10, "brief"), caughtUp(10, "brief"), event(11));
  const [seen] = await events(stream, 1);
  assert.deepEqual(seen.subscriptions, ["all"]);
  assert.deepEqual(stream.positions, { all: 11 });
  stream.close();
});

test("a name that is used again begins where the hub says", async () => {
  const { stream, one } = await live();
  stream.subscribe("more", {});
  stream.unsubscribe("more");
  stream.subscribe("more", { since_sequence: 2 });
  one.hear(subscribed(0, "more"), event(7), subscribed(2, "more"), event(3));
  assert.deepEqual((await events(stream, 2)).at(-1).subscriptions, ["more"]);
  assert.deepEqual(stream.positions, { all: 10, more: 3 });
  stream.close();
});

test("what was never subscribed to is not asked to end", async () => {
  const { stream, one } = await live();
  stream.unsubscribe("nothing");
  assert.deepEqual(said(one, "unsubscribe"), []);
  stream.close();
});

test("a replay is asked for, and its events move no subscription", async () => {
  const { stream, one } = await live();
  const wanted = { id: "r", from: "2026-01-01T00:00:00Z", speed: 60, filters: { event_types: ["ALERT_FIRED"] } };
  assert.equal(stream.replay(wanted), true);
  assert.deepEqual(said(one, "replay"), [{ type: "replay", batch: true, ...wanted }]);
  const state = { type: "replay_state", id: "r", state: "playing", position: "2026-01-01T00:00:00Z" };
  one.hear(state, { ...event(3), replayed: true }, { ...event(99), replayed: true });
  assert.deepEqual((await stream.next()).value, state);
  const seen = await events(stream, 2);
  assert.deepEqual(
    seen.map(({ sequence, replayed }) => [sequence, replayed]),
    [
      [3, true],
      [99, true],
    ],
  );
  assert.deepEqual(stream.positions, { all: 10 });
  stream.close();
});

test("a replay is steered by its id", async () => {
  const { stream, one } = await live();
  stream.replay({ id: "r", from: "2026-01-01T00:00:00Z" });
  stream.controlReplay("r", { action: "pause" });
  stream.controlReplay("r", { action: "seek", to: "2026-01-01T01:00:00Z" });
  stream.controlReplay("r", { action: "speed", speed: "max" });
  assert.deepEqual(said(one, "replay_control"), [
    { type: "replay_control", id: "r", action: "pause" },
    { type: "replay_control", id: "r", action: "seek", to: "2026-01-01T01:00:00Z" },
    { type: "replay_control", id: "r", action: "speed", speed: "max" },
  ]);
  stream.close();
});

test("without a connection no replay begins, and none is asked for later", async () => {
  const stream = opened();
  assert.equal(stream.replay({ id: "r", from: "2026-01-01T00:00:00Z" }), false);
  stream.controlReplay("r", { action: "stop" });
  void stream.next();
  const one = await socket(0);
  await settled();
  assert.deepEqual([...said(one, "replay"), ...said(one, "replay_control")], []);
  one.close(1006);
  await settled();
  assert.equal(stream.replay({ id: "r", from: "2026-01-01T00:00:00Z" }), false);
  stream.close();
});
