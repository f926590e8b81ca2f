/**
 * A client of the live stream: every event once and in order, whatever breaks in between.
 *
 * Without dependencies, for browsers and Node 22 or newer.
 */

import { AuthFailed, Refused, ResumeExpired } from "./frames.ts";
import type {
  ErrorFrame,
  Frame,
  Item,
  Replay,
  ReplayAction,
  Subscription,
} from "./frames.ts";

export * from "./frames.ts";

/** Seconds before each try to connect again; the last one counts from then on. */
export const BACK_OFF: readonly number[] = [1, 2, 4, 8, 16, 30];
/** Characters and frames that wait for a caller who takes nothing. */
const MOST = { characters: 4 * 1024 * 1024, frames: 10_000 };
const PASSING = new Set(["AUTH_EXPIRED", "RATE_LIMITED", "INTERNAL_ERROR", "OVERLOADED"]);

class Lost extends Error {
  readonly seconds: number | undefined;

  constructor(reason: string, seconds?: number) {
    super(reason);
    this.seconds = seconds;
  }
}

/** One connection. A WebSocket cannot be read more slowly: it is left when too much waits here. */
class Line {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  /** Frames that have come. */
  heard = 0;
  #characters = 0;
  #lost: Lost | undefined;
  #wake: () => void = () => {};

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onopen = () => this.#wake();
    socket.onmessage = ({ data }) => this.#arrived(String(data));
    socket.onclose = ({ code }) => this.leave(new Lost(`closed with ${code}`));
  }

  async opened(seconds: number): Promise<void> {
    while (this.#socket.readyState === 0) {
      if (!(await this.#news(seconds))) throw new Lost("no answer");
    }
  }

  say(frame: object): void {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** The next frame, undefined if none comes in time; what has come is given before `Lost`. */
  async read(seconds: number): Promise<Frame | undefined> {
    for (;;) {
      const text = this.#frames.shift();
      if (text !== undefined) {
        this.#characters -= text.length;
        return JSON.parse(text) as Frame;
      }
      if (this.#lost) throw this.#lost;
      if (!(await this.#news(seconds))) return undefined;
    }
  }

  /** Nothing that comes later counts. */
  leave(lost: Lost): void {
    this.#lost ??= lost;
    this.#socket.close();
    this.#wake();
  }

  #arrived(text: string): void {
    if (this.#lost) return;
    this.heard += 1;
    this.#characters += text.length;
    if (this.#characters > MOST.characters || this.#frames.length >= MOST.frames) {
      this.leave(new Lost("too slow", 0));
      return;
    }
    this.#frames.push(text);
    this.#wake();
  }

  #news(seconds: number): Promise<boolean> {
    return new Promise((tell) => {
      const timer = setTimeout(() => tell(false), seconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        tell(true);
      };
    });
  }
}

export interface Options {
  /** Without it the browser's session cookie counts. */
  readonly token?: string;
  /** Several events in one frame: cheaper for both sides. */
  readonly batch?: boolean;
  /** Seconds of silence after which the hub is asked whether it is there. */
  readonly quiet?: number;
  /** Seconds that it has to answer, also when the connection is made. */
  readonly answer?: number;
  /** Where there is no global one. */
  readonly WebSocket?: new (url: string) => WebSocket;
  readonly sleep?: (seconds: number, woken: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

/**
 * Iterate over it: `for await (const item of stream) …`; leaving the loop closes it.
 *
 * What a caller takes too slowly waits here, up to 4 MiB; then the connection is left, and made anew,
 * from where it was, once everything that came was taken.
 */
export class LiveStream implements AsyncIterableIterator<Item> {
  /** The last sequence of each subscription: everything up to it was handed out. */
  readonly positions: Record<string, number | null> = {};
  /** May be changed: counts from the next connection on. */
  token: string | undefined;
  readonly #url: string;
  readonly #subscriptions: Record<string, Subscription>;
  readonly #options: Options;
  readonly #end = new AbortController();
  /** The wait before the next try, which may be cut short. */
  #nap = new AbortController();
  readonly #items: Item[] = [];
  readonly #resumed = new Set<string>();
  readonly #answer: number;
  readonly #live = new Set<string>();
  #ready = false;
  #catchingUp: string | null = null;
  #line: Line | undefined;
  #failures = 0;
  #wait = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `url`: `wss://<hub>/ws`; `subscriptions`: by names of your own. */
  constructor(
    url: string,
    subscriptions: Readonly<Record<string, Subscription>>,
    options: Options = {},
  ) {
    this.#url = url;
    this.#subscriptions = { ...subscriptions };
    this.#options = options;
    this.#answer = options.answer ?? 15;
    this.token = options.token;
    for (const [name, { since_sequence }] of Object.entries(subscriptions)) {
      this.positions[name] = since_sequence ?? null;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next item, from a new connection where needed; `Refused` if the hub says no.
   *
   * Who asks again before it has come gets the one after it.
   */
  next(): Promise<IteratorResult<Item, undefined>> {
    const next = this.#last.then(() => this.#next());
    this.#last = next.catch(() => {});
    return next;
  }

  async #next(): Promise<IteratorResult<Item, undefined>> {
    while (this.#items.length === 0 && !this.#end.signal.aborted) {
      try {
        this.#take(await this.#frame());
      } catch (error) {
        this.#hangUp();
        if (!(error instanceof Lost)) throw error;
        this.#comeBack(error);
      }
    }
    const item = this.#items.shift();
    if (item === undefined || this.#end.signal.aborted) return { done: true, value: undefined };
    if (item.type === "event" && item.sequence !== null && !item.replayed) {
      this.#reached(item.sequence);
    }
    return { done: false, value: item };
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** From the next connection on go on after this sequence, or (null) with the next news. */
  resume(subscription: string, after: number | null): void {
    this.positions[subscription] = after;
    this.#resumed.add(subscription);
  }

  /** One more subscription, from now on and over every connection to come. */
  subscribe(name: string, wanted: Subscription): void {
    this.#subscriptions[name] = wanted;
    this.positions[name] = wanted.since_sequence ?? null;
    if (this.#ready) this.#ask(name, wanted);
  }

  /** That subscription ends; what has come for it is still handed out. */
  unsubscribe(name: string): void {
    if (!(name in this.#subscriptions)) return;
    delete this.#subscriptions[name];
    delete this.positions[name];
    this.#live.delete(name);
    // The hub says no word of its end. It stands where the others stand, or behind: they lose nothing.
    if (this.#catchingUp === name) this.#catchingUp = null;
    if (this.#ready) this.#line?.say({ type: "unsubscribe", id: name });
  }

  /**
   * Play history; false if there is no connection now. Its events come among the others, marked
   * `replayed`. A lost connection ends it: ask again, from where it was.
   */
  replay(wanted: Replay): boolean {
    if (this.#ready) this.#line?.say({ type: "replay", batch: true, ...wanted });
    return this.#ready;
  }

  /** Do something with a replay that is under way. */
  controlReplay(id: string, action: ReplayAction): void {
    if (this.#ready) this.#line?.say({ type: "replay_control", id, ...action });
  }

  /** Ask the hub now whether it is there, try now to reach it: the machine has slept, or its network is another one. */
  check(seconds = 5): void {
    this.#nap.abort();
    const line = this.#line;
    if (line === undefined || !this.#ready) return;
    const { heard } = line;
    const judge = () => void (line.heard === heard && line.leave(new Lost("no answer")));
    line.say({ type: "ping" });
    setTimeout(judge, seconds * 1000);
  }

  /** End the iteration, also one that waits. */
  close(): void {
    this.#end.abort();
    this.#nap.abort();
    this.#hangUp();
  }

  #hangUp(): void {
    this.#ready = false;
    this.#line?.leave(new Lost("closed"));
    this.#line = undefined;
  }

  /** After a while that differs from client to client: a hub restarts for all at once. */
  #comeBack(lost: Lost): void {
    const random = (this.#options.random ?? Math.random)();
    if (lost.seconds === undefined) {
      this.#wait = BACK_OFF[Math.min(this.#failures, BACK_OFF.length - 1)]! * (0.5 + random);
    } else {
      this.#wait = lost.seconds * (1 + random);
    }
    this.#failures += 1;
    this.#items.push({ type: "reconnecting", reason: lost.message, seconds: this.#wait });
  }

  async #frame(): Promise<Frame> {
    if (this.#line === undefined) {
      if (this.#wait) {
        this.#nap = new AbortController();
        await (this.#options.sleep ?? sleep)(this.#wait, this.#nap.signal);
      }
      this.#wait = 0;
      await this.#connect();
    }
    return this.#watched(this.#line!);
  }

  /** Log in and subscribe. */
  async #connect(): Promise<void> {
    if (this.#end.signal.aborted) throw new Lost("closed");
    this.#live.clear();
    this.#catchingUp = null;
    const line = new Line(new (this.#options.WebSocket ?? WebSocket)(this.#url));
    this.#line = line;
    await line.opened(this.#answer);
    if (this.token !== undefined) line.say({ type: "auth", token: this.token });
    for (;;) {
      const frame = await line.read(this.#answer);
      if (frame === undefined) throw new Lost("no answer");
      if (frame.type === "auth_response") break;
      this.#take(frame);
    }
    this.#ready = true;
    for (const [id, wanted] of Object.entries(this.#subscriptions)) this.#ask(id, wanted);
  }

  #ask(id: string, wanted: Subscription): void {
    const batch = this.#options.batch ?? true;
    this.#line?.say({ type: "subscribe", id, batch, subscription: this.#asked(id, wanted) });
  }

  /** From where the subscription stands, if that is known, otherwise from where it begins. */
  #asked(name: string, { since_sequence, since_time, ...filters }: Subscription): Subscription {
    const position = this.positions[name] ?? null;
    if (position !== null) return { ...filters, since_sequence: position };
    if (since_time === undefined || this.#resumed.has(name)) return filters;
    return { ...filters, since_time };
  }

  /** The next frame; a hub that has said nothing for long is asked whether it is there. */
  async #watched(line: Line): Promise<Frame> {
    let frame = await line.read(this.#options.quiet ?? 45);
    if (frame === undefined) {
      line.say({ type: "ping" });
      frame = await line.read(this.#answer);
    }
    if (frame === undefined) throw new Lost("no answer");
    return frame;
  }

  /** What a frame means; nothing was read before it that was not handed out. */
  #take(frame: Frame): void {
    switch (frame.type) {
      case "event":
      case "events":
        for (const event of frame.type === "event" ? [frame] : frame.events) {
          this.#items.push({ ...event, subscriptions: this.#standing() });
        }
        break;
      case "subscribed":
        this.#failures = 0;
        this.#begins(frame.id, frame.sequence);
        break;
      case "caught_up":
        this.#catchingUp = null;
        if (!(frame.id in this.#subscriptions)) break;
        this.#live.add(frame.id);
        this.#reached(frame.sequence);
        this.#items.push(frame);
        break;
      case "position":
        this.#reached(frame.sequence);
        break;
      case "conflated":
      case "replay_state":
        this.#items.push(frame);
        break;
      case "disconnect":
        this.#catchingUp = null;
        this.#reached(frame.resume_sequence ?? 0);
        throw new Lost(frame.reason, frame.reconnect_after_ms / 1000);
      case "error":
        refuse(frame);
    }
  }

  /** All that are live stand together; one that catches up stands alone. */
  #standing(): string[] {
    return this.#catchingUp === null ? [...this.#live] : [this.#catchingUp];
  }

  /** It may have ended while the hub said so; then what comes for it counts for those that are live. */
  #begins(name: string, sequence: number): void {
    this.#catchingUp = name in this.#subscriptions ? name : null;
    if (this.#catchingUp !== null) this.positions[name] = sequence;
  }

  #reached(sequence: number): void {
    for (const name of this.#standing()) {
      if (!(name in this.#subscriptions)) continue;
      this.positions[name] = Math.max(this.positions[name] ?? 0, sequence);
    }
  }
}

function refuse(frame: ErrorFrame): void {
  if (PASSING.has(frame.code)) throw new Lost(`${frame.code}: ${frame.message}`);
  if (frame.code === "RESUME_EXPIRED") throw new ResumeExpired(frame);
  if (frame.code === "AUTH_FAILED") throw new AuthFailed(frame);
  // A token was shown where none is needed: nothing else can be wrong.
  if (frame.code !== "INVALID_MESSAGE" || frame.id !== undefined) throw new Refused(frame);
}

const sleep = (seconds: number, woken: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, seconds * 1000);
    woken.addEventListener("abort", () => (clearTimeout(timer), done()));
  });
