/**
 * The one WebSocket of this page. What pages fold is one subscription; more may be added by name.
 *
 * Events are handed out in batches, at most every 30 ms: a storm costs a page a few renders, not thousands.
 */

import { useEffect, useEffectEvent } from "react";
import { create } from "zustand";

import { EventName } from "@/generated/api.schemas";
import {
  AuthFailed,
  LiveStream,
  Refused,
  ResumeExpired,
  type LiveEvent,
  type Replay,
  type ReplayAction,
  type ReplayState,
  type Subscription,
} from "@live";

export type { LiveEvent, ReplayState } from "@live";

/** Telemetry: newest wins, and the log does not keep it. */
export const MEASURED: ReadonlySet<EventName> = new Set([
  "CLUSTER_HEALTH_CHECKED",
  "CNF_UPDATE",
  "GPU_UPDATE",
  "METRIC_UPDATE",
  "REPORT_PROGRESS",
]);

/** What pages fold into what they show; telemetry comes only by `subscribe`. */
export const FOLDED = Object.values(EventName).filter((name) => !MEASURED.has(name));

/** Shorter than the hub's own beat (50 ms): two beats are never one batch, and a map that moves does so 20 times a second. */
const BATCH_MS = 30;
const MAIN = "pages";
/** How the reason begins for which the hub hangs up when rights have changed. */
const EXPIRED = "AUTH_EXPIRED";

export type Connection = "connecting" | "live" | "reconnecting" | "refused";

interface LiveState {
  connection: Connection;
  /** Why the connection was lost, and when it will be tried again (milliseconds since 1970). */
  reason: string | undefined;
  retryAt: number | undefined;
  /** Everything up to this event has come. */
  sequence: number | null;
  replay: ReplayState | undefined;
  /** Why the hub does not play what it was last asked to. */
  replayRefused: string | undefined;
  /** When the stream last went on with a gap (milliseconds since 1970); what was read before lacks what was in it. */
  lostAt: number;
}

export const useLiveState = create<LiveState>(() => ({
  connection: "connecting",
  reason: undefined,
  retryAt: undefined,
  sequence: null,
  replay: undefined,
  replayRefused: undefined,
  lostAt: 0,
}));

type Batch = readonly LiveEvent[];
type Listener = (events: Batch) => void;

/** Reads the stream and hands out what comes; there is one for the life of the page. */
class Live {
  readonly #listeners = new Set<Listener>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #replays = new Set<string>();
  #stream: LiveStream | undefined;
  #waiting: LiveEvent[] = [];
  /** Subscriptions that go on without what was before. */
  readonly #lost = new Set<string>();
  /** History was lost: everything that was loaded must be loaded anew. */
  onGap: () => void = () => {};
  onSignedOut: () => void = () => {};
  /** The hub has hung up, as the login or what it may is another one now. */
  onRightsChanged: () => void = () => {};

  constructor() {
    // After a sleep or in another network the connection looks sound for long.
    window.addEventListener("online", () => this.check());
    document.addEventListener("visibilitychange", () => document.hidden || this.check());
  }

  /** Finds out now whether the hub answers. */
  check(): void {
    this.#stream?.check();
  }

  start(url: string): void {
    if (this.#stream) return;
    const main = { event_types: [...FOLDED] };
    const stream = new LiveStream(url, { [MAIN]: main, ...Object.fromEntries(this.#subscriptions) });
    this.#stream = stream;
    void this.#read(stream);
  }

  stop(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#waiting = [];
    this.#lost.clear();
    useLiveState.setState(useLiveState.getInitialState(), true);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  subscribe(name: string, wanted: Subscription): () => void {
    this.#subscriptions.set(name, wanted);
    this.#stream?.subscribe(name, wanted);
    return () => {
      if (this.#subscriptions.get(name) !== wanted) return;
      this.#subscriptions.delete(name);
      this.#stream?.unsubscribe(name);
    };
  }

  replay(wanted: Replay): boolean {
    this.#replays.add(wanted.id);
    useLiveState.setState({ replay: undefined, replayRefused: undefined });
    return this.#stream?.replay(wanted) ?? false;
  }

  controlReplay(id: string, action: ReplayAction): void {
    this.#stream?.controlReplay(id, action);
  }

  async #read(stream: LiveStream): Promise<void> {
    while (this.#stream === stream) {
      try {
        for await (const item of stream) this.#take(item);
        return;
      } catch (error) {
        if (this.#stream !== stream) return;
        if (!(error instanceof Refused) || !this.#goesOnWithout(stream, error)) {
          this.#refused(error);
          return;
        }
        useLiveState.setState({ connection: "connecting" });
      }
    }
  }

  /** What was refused is one thing of many: the connection is made anew, without it. */
  #goesOnWithout(stream: LiveStream, error: Refused): boolean {
    const name = error.subscription;
    if (name === undefined || error instanceof AuthFailed) return false;
    if (error instanceof ResumeExpired) {
      stream.resume(name, null);
      this.#lost.add(name);
    } else if (this.#replays.has(name)) {
      useLiveState.setState({ replay: undefined, replayRefused: error.message });
    } else if (this.#subscriptions.delete(name)) {
      stream.unsubscribe(name);
    } else {
      return false;
    }
    return true;
  }

  #refused(error: unknown): void {
    this.#stream = undefined;
    useLiveState.setState({ connection: "refused", reason: String(error) });
    if (error instanceof AuthFailed) this.onSignedOut();
  }

  #take(item: Awaited<ReturnType<LiveStream["next"]>>["value"]): void {
    if (item === undefined) return;
    switch (item.type) {
      case "event":
        if (this.#waiting.length === 0) setTimeout(() => this.#flush(), BATCH_MS);
        this.#waiting.push(item);
        break;
      case "caught_up":
        useLiveState.setState(({ sequence }) => ({
          connection: "live",
          reason: undefined,
          retryAt: undefined,
          sequence: Math.max(sequence ?? 0, item.sequence),
        }));
        // Only now: what happens from here on is told.
        if (this.#lost.delete(item.id)) {
          useLiveState.setState({ lostAt: Date.now() });
          this.onGap();
        }
        break;
      case "reconnecting":
        if (item.reason.startsWith(EXPIRED)) this.onRightsChanged();
        useLiveState.setState({
          connection: "reconnecting",
          reason: item.reason,
          retryAt: Date.now() + item.seconds * 1000,
          // It has ended with the connection: whoever plays asks again, from where it was.
          replay: undefined,
        });
        break;
      case "replay_state":
        useLiveState.setState({ replay: item });
        break;
      case "conflated":
    }
  }

  #flush(): void {
    const events = this.#waiting;
    this.#waiting = [];
    const last = events.findLast(({ sequence, replayed }) => sequence !== null && !replayed);
    if (last) useLiveState.setState({ sequence: last.sequence });
    for (const listener of this.#listeners) listener(events);
  }
}

export const live = new Live();

export interface Wanted {
  /** Only of these types; without it, of all that come. */
  types?: readonly string[];
  /** Only of this cluster. */
  cluster?: string;
  /** Only those that it says yes to. */
  which?: (event: LiveEvent) => boolean;
  /** Replayed ones instead of live ones. */
  replayed?: boolean;
  /** False: none at all. */
  enabled?: boolean;
}

/** Calls with the events that are wanted, batch by batch, while the component is shown. */
export function useLiveEvents(wanted: Wanted, take: Listener): void {
  const { types, cluster, which, replayed = false, enabled = true } = wanted;
  const listener = useEffectEvent((events: Batch) => {
    const mine = events.filter(
      (event) =>
        (event.replayed ?? false) === replayed &&
        (types === undefined || types.includes(event.event_type)) &&
        (cluster === undefined || event.cluster_id === cluster) &&
        (which === undefined || which(event)),
    );
    if (mine.length > 0) take(mine);
  });
  useEffect(() => (enabled ? live.listen(listener) : undefined), [enabled]);
}
