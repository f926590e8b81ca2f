/**
 * Follows log lines as they come, over a WebSocket of its own: it comes back when the connection is
 * lost, from where it was, and no line is shown twice. What it knows is a snapshot, made anew at most
 * ten times a second.
 */

import { lineOf, type Line } from "@/features/observability/logs/line";
import type { LogLine } from "@/generated/api.schemas";
import { sessionEnded } from "@/lib/session";

export const MOST_LINES = 10_000;
const BATCH_MS = 100;
/** Seconds before each try to connect again; the last one counts from then on. */
const BACK_OFF = [1, 2, 4, 8, 16, 30];
/** A hub that says nothing for so long is asked whether it is there. */
const QUIET_MS = 45_000;
const ANSWER_MS = 15_000;
/** How far back a tail begins, so that there is something to see. */
const BEFORE_MS = 60_000;
const PASSING = new Set(["AUTH_EXPIRED", "RATE_LIMITED", "INTERNAL_ERROR", "OVERLOADED"]);

export interface Followed {
  cluster_id: string;
  cluster_name: string;
  state: "WAITING" | "FOLLOWING" | "LOST";
  /** Why it is lost, or what is to be known of its lines. */
  reason: string | null;
}

export interface TailState {
  connection: "connecting" | "following" | "reconnecting" | "ended";
  /** Why it is not connected, or over. */
  reason: string | undefined;
  /** Milliseconds since 1970. */
  retryAt: number | undefined;
  clusters: readonly Followed[];
  /** In time order, at most `MOST_LINES`. */
  lines: readonly Line[];
  /** How many have come in all. */
  came: number;
  /** How many the clusters or the hub have left out. */
  dropped: number;
}

export interface TailWanted {
  query: string;
  clusters: readonly string[];
}

const NOTHING: TailState = {
  connection: "connecting",
  reason: undefined,
  retryAt: undefined,
  clusters: [],
  lines: [],
  came: 0,
  dropped: 0,
};

type Frame =
  | { type: "auth_response" | "pong" }
  | { type: "tailing"; clusters: { cluster_id: string; cluster_name: string }[] }
  | { type: "lines"; entries: (LogLine & { late?: boolean })[] }
  | { type: "status"; cluster_id: string; cluster_name: string; state: "FOLLOWING" | "LOST"; reason: string | null }
  | { type: "dropped"; count: number }
  | { type: "disconnect"; reason: string; reconnect_after_ms: number }
  | { type: "error"; code: string; message: string };

export interface TailSettings {
  url?: string;
  socket?: new (url: string) => WebSocket;
  random?: () => number;
}

export class LogTail {
  readonly #settings: TailSettings;
  readonly #listeners = new Set<() => void>();
  #state = NOTHING;
  #wanted: TailWanted | undefined;
  #socket: WebSocket | undefined;
  #failures = 0;
  #coming: Line[] = [];
  #keys = new Set<string>();
  /** Since when a cluster is lost: what it has from then on has not come. */
  readonly #lostSince = new Map<string, string>();
  #newest: string | undefined;
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  #watching: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: TailSettings = {}) {
    this.#settings = settings;
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): TailState => this.#state;

  /** Follow this from now on; what was followed before is forgotten. */
  follow(wanted: TailWanted): void {
    this.stop();
    this.#wanted = wanted;
    this.#keys = new Set();
    this.#coming = [];
    this.#newest = undefined;
    this.#lostSince.clear();
    this.#failures = 0;
    this.#change(NOTHING);
    // Not at once: who is asked twice in a moment connects once.
    this.#retrying = setTimeout(() => this.#connect(), 0);
  }

  stop(): void {
    this.#wanted = undefined;
    this.#hangUp();
    clearTimeout(this.#retrying);
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
  }

  /** Forget the lines that have come, and follow on. */
  clear(): void {
    this.#change({ lines: [], dropped: 0 });
  }

  #connect(): void {
    const { socket: Socket = WebSocket, url = addressOf(location.href) } = this.#settings;
    const socket = new Socket(url);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket) this.#take(JSON.parse(String(data)) as Frame);
    });
    socket.addEventListener("close", ({ code }) => {
      if (this.#socket === socket) this.#lost(`The connection was closed (${code}).`);
    });
    this.#watch(ANSWER_MS);
  }

  #hangUp(): void {
    clearTimeout(this.#watching);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** A connection may be dead without having been closed. */
  #watch(milliseconds: number): void {
    clearTimeout(this.#watching);
    this.#watching = setTimeout(() => {
      if (milliseconds === ANSWER_MS) return this.#lost("The hub does not answer.");
      this.#say({ type: "ping" });
      this.#watch(ANSWER_MS);
    }, milliseconds);
  }

  #lost(reason: string, after?: number): void {
    this.#hangUp();
    if (!this.#wanted) return;
    const random = (this.#settings.random ?? Math.random)();
    const seconds = BACK_OFF[Math.min(this.#failures, BACK_OFF.length - 1)]!;
    const wait = after === undefined ? seconds * 1000 * (0.5 + random) : after * (1 + random);
    this.#failures += 1;
    this.#change({ connection: "reconnecting", reason, retryAt: Date.now() + wait });
    clearTimeout(this.#retrying);
    this.#retrying = setTimeout(() => this.#connect(), wait);
  }

  #ended(reason: string): void {
    this.#flush();
    this.stop();
    this.#change({ connection: "ended", reason, retryAt: undefined });
  }

  #say(frame: object): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #ask(): void {
    if (!this.#wanted) return;
    const { query, clusters } = this.#wanted;
    const again = this.#newest !== undefined;
    const since = [...this.#lostSince.values(), this.#newest ?? new Date(Date.now() - BEFORE_MS).toISOString()];
    this.#say({
      type: "tail",
      query,
      ...(clusters.length > 0 ? { cluster_ids: clusters } : {}),
      since: since.toSorted()[0],
      limit: again ? 5_000 : 100,
    });
  }

  #take(frame: Frame): void {
    this.#watch(QUIET_MS);
    switch (frame.type) {
      case "auth_response":
        return this.#ask();
      case "tailing": {
        this.#failures = 0;
        const clusters = frame.clusters.map((each) => ({ ...each, state: "WAITING" as const, reason: null }));
        return this.#change({ connection: "following", reason: undefined, retryAt: undefined, clusters });
      }
      case "status":
        return this.#stand(frame);
      case "lines":
        return this.#came(frame.entries);
      case "dropped":
        return this.#change({ dropped: this.#state.dropped + frame.count });
      case "disconnect":
        return this.#lost(frame.reason === "slow" ? "This page was too slow." : "The hub restarts.", frame.reconnect_after_ms);
      case "error":
        if (PASSING.has(frame.code)) return this.#lost(frame.message);
        if (frame.code === "AUTH_FAILED") sessionEnded();
        return this.#ended(frame.message);
      case "pong":
    }
  }

  #stand({ cluster_id, cluster_name, state, reason }: Extract<Frame, { type: "status" }>): void {
    if (state === "FOLLOWING") this.#lostSince.delete(cluster_id);
    else if (!this.#lostSince.has(cluster_id)) {
      this.#lostSince.set(cluster_id, this.#newest ?? new Date().toISOString());
    }
    const now = { cluster_id, cluster_name, state, reason };
    const others = this.#state.clusters.filter((each) => each.cluster_id !== cluster_id);
    const clusters = [...others, now].toSorted((a, b) => a.cluster_name.localeCompare(b.cluster_name));
    this.#change({ clusters });
  }

  #came(entries: readonly (LogLine & { late?: boolean })[]): void {
    for (const entry of entries) {
      const line = lineOf(entry);
      if (this.#keys.has(line.key)) continue;
      this.#keys.add(line.key);
      this.#coming.push(line);
      if (this.#newest === undefined || line.timestamp > this.#newest) this.#newest = line.timestamp;
    }
    this.#flushing ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const coming = this.#coming;
    if (coming.length === 0) return;
    this.#coming = [];
    const lines = inOrder(this.#state.lines, coming).slice(-MOST_LINES);
    // What was shown and has left the buffer is still known for as long again.
    if (this.#keys.size > 2 * MOST_LINES) this.#keys = new Set(lines.map(({ key }) => key));
    this.#change({ lines, came: this.#state.came + coming.length });
  }

  #change(changed: Partial<TailState>): void {
    this.#state = { ...this.#state, ...changed };
    for (const tell of this.#listeners) tell();
  }
}

/** Lines that came, put where their time belongs; cheap where they are all newer. */
export function inOrder(before: readonly Line[], coming: readonly Line[]): Line[] {
  const all = [...before, ...coming];
  const last = before.at(-1);
  const sorted = coming.every((line, at) => {
    const previous = at === 0 ? last : coming[at - 1];
    return previous === undefined || previous.timestamp <= line.timestamp;
  });
  return sorted ? all : all.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
}

function addressOf(page: string): string {
  const url = new URL("/api/v1/logs/tail", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
