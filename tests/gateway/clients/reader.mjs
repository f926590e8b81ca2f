// The TypeScript client as a program: one command a line comes in, one answer a line goes out.
import { createInterface } from "node:readline";
import { LiveStream, Refused } from "../../../gateway/clients/typescript/src/live.ts";

const { url, subscriptions, cookie, ...options } = JSON.parse(process.argv[2]);

// A browser adds the cookie by itself.
class WithCookie extends WebSocket {
  constructor(to) {
    super(to, { headers: { cookie } });
  }
}

const stream = new LiveStream(url, subscriptions, {
  ...options,
  ...(cookie ? { WebSocket: WithCookie } : {}),
  sleep: () => new Promise((done) => setTimeout(done, 5)),
  random: () => 0.5,
});

async function next() {
  try {
    const { done, value } = await stream.next();
    return done ? { type: "done" } : value;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { code, name, subscription = null, oldestSequence = null } = error;
    return { type: "refused", name, code, subscription, oldest: oldestSequence };
  }
}

const commands = {
  next,
  resume: (subscription, after) => stream.resume(subscription, after),
  token: (token) => (stream.token = token),
  close: () => stream.close(),
  positions: () => stream.positions,
  subscribe: (name, wanted) => stream.subscribe(name, wanted),
  unsubscribe: (name) => stream.unsubscribe(name),
  replay: (wanted) => stream.replay(wanted),
  controlReplay: (id, action) => stream.controlReplay(id, action),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...given] = JSON.parse(line);
  Promise.resolve(commands[command](...given)).then((told) =>
    console.log(JSON.stringify({ command, told: told ?? null })),
  );
}
process.exit(0);
