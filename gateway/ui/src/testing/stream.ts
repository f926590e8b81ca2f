/** A live stream without a hub: a test says what comes over it, and sees what was asked of it. */

import { vi } from "vitest";

import type { Item, LiveEvent, Replay, ReplayAction, ReplayState, Subscription } from "@live";

export class FakeStream implements AsyncIterableIterator<Item> {
  /** The newest one that was made. */
  static last: FakeStream;
  readonly subscribed = new Map<string, Subscription>();
  readonly replay = vi.fn((_: Replay) => true);
  readonly controlReplay = vi.fn((_id: string, _action: ReplayAction) => {});
  readonly check = vi.fn(() => {});
  readonly resume = vi.fn((_name: string, _after: number | null) => {});
  #waiting: (Item | Error)[] = [];
  #wake: () => void = () => {};
  #closed = false;

  constructor(
    readonly url: string,
    subscriptions: Readonly<Record<string, Subscription>>,
  ) {
    for (const [name, wanted] of Object.entries(subscriptions)) this.subscribed.set(name, wanted);
    FakeStream.last = this;
  }

  /** These come next; an error is what the hub refuses. */
  says(...items: (Item | Error)[]): void {
    this.#waiting.push(...items);
    this.#wake();
  }

  subscribe(name: string, wanted: Subscription): void {
    this.subscribed.set(name, wanted);
  }

  unsubscribe(name: string): void {
    this.subscribed.delete(name);
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    while (this.#waiting.length === 0 && !this.#closed) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    const item = this.#waiting.shift();
    if (item instanceof Error) throw item;
    return item === undefined ? { done: true, value: undefined } : { done: false, value: item };
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }
}

export function liveEvent(event: Partial<LiveEvent> = {}): LiveEvent {
  return {
    type: "event",
    subscriptions: ["pages"],
    event_id: "e",
    event_type: "ALERT_FIRED",
    sequence: 1,
    timestamp: "2026-03-04T12:00:00.000Z",
    logged_at: null,
    payload: {},
    source: "/services/alerts",
    cluster_id: "c",
    cluster_name: "edge-3",
    correlation_id: "r",
    causation_id: "r",
    actor: "service:alerts",
    ...event,
  };
}

export function replayState(state: Partial<ReplayState> = {}): ReplayState {
  return {
    type: "replay_state",
    id: "time-machine",
    state: "playing",
    from: "2026-03-04T12:00:00.000Z",
    to: null,
    position: "2026-03-04T12:01:00.000Z",
    sequence: 1,
    speed: 60,
    sent: 1,
    whole_from: null,
    ...state,
  };
}
