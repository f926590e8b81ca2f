import { LiveStream } from "../src/live.ts";

/** A WebSocket that never leaves this process; the test says what the hub says. */
class FakeSocket {
  static all = [];
  readyState = 0;
  said = [];

  constructor() {
    FakeSocket.all.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen();
      this.hear({ type: "auth_response" });
    });
  }

  send(text) {
    this.said.push(JSON.parse(text));
  }

  hear(...frames) {
    for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) });
  }

  close(code = 1000) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose({ code });
  }
}

export const sockets = () => FakeSocket.all;
export const subscribed = (sequence, id = "all") => ({ type: "subscribed", id, sequence });
export const caughtUp = (sequence, id = "all") => ({ type: "caught_up", id, sequence });
export const event = (sequence, payload = {}) => ({ type: "event", sequence, payload });

/** A stream over fake sockets with one subscription, `all`, to everything. */
export function opened(options = {}) {
  FakeSocket.all = [];
  return new LiveStream(
    "ws://hub/ws",
    { all: {} },
    { WebSocket: FakeSocket, sleep: async () => {}, random: () => 0.5, ...options },
  );
}

/** Everything that can go on without news has gone on. */
export const settled = () => new Promise(setImmediate);

/** The socket of this number, once it has subscribed. */
export async function socket(number) {
  while (!FakeSocket.all[number]?.said.some(({ type }) => type === "subscribe")) await settled();
  return FakeSocket.all[number];
}

/** The next events; what else comes is passed over. */
export async function events(stream, count) {
  const seen = [];
  while (seen.length < count) {
    const { value } = await stream.next();
    if (value.type === "event") seen.push(value);
  }
  return seen;
}
