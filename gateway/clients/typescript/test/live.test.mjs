import assert from "node:assert/strict";
import { test } from "node:test";
import { event, opened, socket, sockets, subscribed } from "./fake-socket.mjs";

test("what comes too fast is left to the hub and asked for again", async () => {
  const stream = opened();
  const first = stream.next();
  const one = await socket(0);
  one.hear(subscribed(0), event(1));
  assert.equal((await first).value.sequence, 1);

  const large = { summary: "x".repeat(100_000) };
  for (let sequence = 2; one.readyState === 1; sequence++) one.hear(event(sequence, large));
  one.hear(event(1_000));

  const seen = [];
  let item = (await stream.next()).value;
  for (; item.type === "event"; item = (await stream.next()).value) seen.push(item.sequence);
  assert.deepEqual(seen, Array.from({ length: seen.length }, (_, index) => index + 2));
  assert.ok(seen.length > 10 && seen.length < 45);
  assert.deepEqual(item, { type: "reconnecting", reason: "too slow", seconds: 0 });

  const next = stream.next();
  const two = await socket(1);
  assert.equal(two.said.at(-1).subscription.since_sequence, seen.at(-1));
  two.hear(event(seen.at(-1) + 1));
  assert.equal((await next).value.sequence, seen.at(-1) + 1);
  stream.close();
});

test("leaving the loop closes the connection", async () => {
  const stream = opened();
  const looping = (async () => {
    for await (const item of stream) {
      if (item.type === "event") break;
    }
  })();
  const one = await socket(0);
  one.hear(subscribed(0), event(1));
  await looping;
  assert.equal(one.readyState, 3);
  assert.equal((await stream.next()).done, true);
});

test("the end does not wait for the next try", { timeout: 5_000 }, async () => {
  const stream = opened({ sleep: undefined, random: () => 1 });
  const first = stream.next();
  (await socket(0)).close(1006);
  assert.equal((await first).value.type, "reconnecting");
  const waiting = stream.next();
  stream.close();
  assert.equal((await waiting).done, true);
});

test("who looks again does not wait for the next try", { timeout: 5_000 }, async () => {
  const stream = opened({ sleep: undefined, random: () => 1 });
  const first = stream.next();
  (await socket(0)).close(1006);
  assert.equal((await first).value.type, "reconnecting");
  const next = stream.next();
  await new Promise(setImmediate);
  stream.check();
  (await socket(1)).hear(subscribed(0), event(1));
  assert.equal((await next).value.sequence, 1);
  stream.close();
});

test("who asks again before an answer waits for the same connection", async () => {
  const stream = opened();
  const first = stream.next();
  (await socket(0)).close(1006);
  assert.equal((await first).value.type, "reconnecting");
  const both = [stream.next(), stream.next()];
  const one = await socket(1);
  await new Promise(setImmediate);
  assert.equal(sockets().length, 2);
  one.hear(subscribed(0), event(1), event(2));
  assert.deepEqual(
    (await Promise.all(both)).map(({ value }) => value.sequence),
    [1, 2],
  );
  stream.close();
});

test("a hub that does not answer when it is asked is left at once, one that does is not", async () => {
  const stream = opened();
  const first = stream.next();
  const one = await socket(0);
  one.hear(subscribed(0), event(1));
  await first;
  stream.check(0.01);
  assert.deepEqual(one.said.at(-1), { type: "ping" });
  one.hear({ type: "pong" });
  await new Promise((done) => setTimeout(done, 30));
  assert.equal(one.readyState, 1);
  stream.check(0.01);
  assert.deepEqual((await stream.next()).value.reason, "no answer");
  stream.close();
});
