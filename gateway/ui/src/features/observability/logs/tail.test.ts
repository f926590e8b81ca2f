import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { inOrder, LogTail } from "@/features/observability/logs/tail";
import { lineOf } from "@/features/observability/logs/line";

/** A socket whose other end is the test. */
class Socket extends EventTarget {
  static all: Socket[] = [];
  static get last(): Socket {
    return Socket.all.at(-1)!;
  }
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  constructor(readonly url: string) {
    super();
    Socket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {
    this.readyState = 3;
  }
  says(frame: object) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }
  breaks() {
    this.close();
    this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
  }
}

const NOW = Date.parse("2026-11-26T04:00:00Z");
const entry = (second: number, message = `line ${second}`) => ({
  cluster_id: "a",
  cluster_name: "a",
  stream: {},
  message,
  timestamp: `2026-11-26T04:00:${String(second).padStart(2, "0")}.000000001Z`,
});
const started = () => {
  const tail = new LogTail({ socket: Socket as unknown as new (url: string) => WebSocket, random: () => 0.5 });
  tail.follow({ query: '{app="a"}', clusters: ["a"] });
  vi.advanceTimersByTime(0);
  Socket.last.says({ type: "auth_response" });
  Socket.last.says({ type: "tailing", clusters: [{ cluster_id: "a", cluster_name: "a" }] });
  return tail;
};
const texts = (tail: LogTail) => tail.snapshot().lines.map(({ message }) => message);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  Socket.all = [];
});
afterEach(() => vi.useRealTimers());

test("it asks for the last minute once it is let in, and shows lines in batches", () => {
  const tail = started();
  expect(Socket.last.url).toMatch(/^ws:.*\/api\/v1\/logs\/tail$/);
  expect(Socket.last.sent).toEqual([
    { type: "tail", query: '{app="a"}', cluster_ids: ["a"], since: "2026-11-26T03:59:00.000Z", limit: 100 },
  ]);
  const changes = vi.fn();
  tail.listen(changes);
  for (let second = 0; second < 50; second += 1) Socket.last.says({ type: "lines", entries: [entry(second)] });
  vi.advanceTimersByTime(100);
  expect(changes).toHaveBeenCalledTimes(1);
  expect(tail.snapshot().lines).toHaveLength(50);
});

test("after a lost connection it goes on at the newest line and shows none twice", () => {
  const tail = started();
  Socket.last.says({ type: "lines", entries: [entry(1), entry(2)] });
  vi.advanceTimersByTime(100);
  Socket.last.breaks();
  expect(tail.snapshot()).toMatchObject({ connection: "reconnecting", retryAt: NOW + 100 + 1_000 });
  vi.advanceTimersByTime(1_000);
  expect(Socket.all).toHaveLength(2);
  Socket.last.says({ type: "auth_response" });
  expect(Socket.last.sent[0]).toMatchObject({ since: entry(2).timestamp, limit: 5_000 });
  Socket.last.says({ type: "tailing", clusters: [] });
  Socket.last.says({ type: "lines", entries: [entry(2), entry(3)] });
  vi.advanceTimersByTime(100);
  expect(tail.snapshot().connection).toBe("following");
  expect(texts(tail)).toEqual(["line 1", "line 2", "line 3"]);
});

test("what a lost cluster has not told is asked for again", () => {
  const tail = started();
  Socket.last.says({ type: "lines", entries: [entry(1)] });
  Socket.last.says({ type: "status", cluster_id: "b", cluster_name: "b", state: "LOST", reason: "no answer" });
  Socket.last.says({ type: "lines", entries: [entry(9)] });
  vi.advanceTimersByTime(100);
  expect(tail.snapshot().clusters).toContainEqual({ cluster_id: "b", cluster_name: "b", state: "LOST", reason: "no answer" });
  Socket.last.breaks();
  vi.advanceTimersByTime(1_000);
  Socket.last.says({ type: "auth_response" });
  expect(Socket.last.sent[0]).toMatchObject({ since: entry(1).timestamp });
});

test("each try waits longer, up to half a minute, until a tail begins", () => {
  const tail = started();
  for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    Socket.last.breaks();
    expect(tail.snapshot().retryAt).toBe(Date.now() + wait);
    vi.advanceTimersByTime(wait);
  }
  Socket.last.says({ type: "auth_response" });
  Socket.last.says({ type: "tailing", clusters: [] });
  Socket.last.breaks();
  expect(tail.snapshot().retryAt).toBe(Date.now() + 1_000);
});

test("a hub that says nothing is asked, and left when it stays silent", () => {
  const tail = started();
  vi.advanceTimersByTime(45_000);
  expect(Socket.last.sent.at(-1)).toEqual({ type: "ping" });
  Socket.last.says({ type: "pong" });
  vi.advanceTimersByTime(45_000);
  expect(tail.snapshot().connection).toBe("following");
  vi.advanceTimersByTime(15_000);
  expect(tail.snapshot()).toMatchObject({ connection: "reconnecting", reason: "The hub does not answer." });
});

test("a refused query ends it, a busy hub does not", () => {
  const tail = started();
  Socket.last.says({ type: "error", code: "OVERLOADED", message: "busy" });
  expect(tail.snapshot().connection).toBe("reconnecting");
  vi.advanceTimersByTime(1_000);
  Socket.last.says({ type: "error", code: "INVALID_LOGQL", message: "parse error" });
  expect(tail.snapshot()).toMatchObject({ connection: "ended", reason: "parse error" });
  vi.advanceTimersByTime(60_000);
  expect(Socket.all).toHaveLength(2);
});

test("the newest ten thousand lines are kept, and what was left out is counted", () => {
  const tail = started();
  const many = Array.from({ length: 10_500 }, (_, at) => entry(1, `line ${at}`));
  Socket.last.says({ type: "lines", entries: many });
  Socket.last.says({ type: "dropped", count: 7, cluster_id: null });
  Socket.last.says({ type: "dropped", count: 5, cluster_id: "a" });
  vi.advanceTimersByTime(100);
  expect(tail.snapshot()).toMatchObject({ came: 10_500, dropped: 12 });
  expect(tail.snapshot().lines).toHaveLength(10_000);
  expect(tail.snapshot().lines[0]!.message).toBe("line 500");
});

test("after it was stopped nothing comes any more", () => {
  const tail = started();
  const socket = Socket.last;
  socket.says({ type: "lines", entries: [entry(1)] });
  tail.stop();
  socket.says({ type: "lines", entries: [entry(2)] });
  vi.advanceTimersByTime(60_000);
  expect(texts(tail)).toEqual([]);
  expect(Socket.all).toHaveLength(1);
});

test("a late line is put where its time belongs", () => {
  const [one, two, three] = [1, 2, 3].map((second) => lineOf(entry(second)));
  expect(inOrder([one!, three!], [two!]).map(({ message }) => message)).toEqual(["line 1", "line 2", "line 3"]);
});
