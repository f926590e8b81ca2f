/**
 * Answers that are being made, by session. They are followed by whoever asked, wherever they go
 * meanwhile, and by every window that shows the session.
 */

import { create } from "zustand";

import { after, frameOf, NEW_TURN, type Frame, type LiveTurn } from "@/features/chat/stream/turn";
import { getWatchChatUrl } from "@/generated/api";
import type { ChatMessageView, NewChatMessage } from "@/generated/api.schemas";
import { ApiError, pour, Unreachable } from "@/lib/http";
import { sent } from "@/lib/server-sent";
import { onSessionEnded } from "@/lib/session";

/** Twice and a half the time between the hub's signs of life. */
const SILENCE_MS = 40_000;
/** Words are shown so often at most. */
const PAINT_MS = 40;
const PAUSES_MS = [300, 1_000, 2_000, 4_000, 8_000];

export interface Feed {
  /** What was asked just now in this window. */
  question: string | undefined;
  turn: LiveTurn;
  state: "following" | "reconnecting" | "settling";
  /** Somebody here wants no answer any more. */
  isStopping: boolean;
}

interface Feeds {
  of: Readonly<Record<string, Feed>>;
  /** What went wrong with the last answer of a session, until something else is asked. */
  wrong: Readonly<Record<string, Error>>;
  /** Turns that were stopped while they were followed here: words that were not whole yet the hub does not keep. */
  stopped: Readonly<Record<string, LiveTurn>>;
}

export const useFeeds = create<Feeds>()(() => ({ of: {}, wrong: {}, stopped: {} }));

/** How it came to its end: with the answer, or without one. */
export type Ended = { answer: ChatMessageView } | { answer?: never };

export interface Following {
  /** A question that is to be asked; without it the answer that is being made is followed. */
  ask?: NewChatMessage;
  /** What is known of the turn. */
  turn?: LiveTurn;
  /** The hub has taken the question. */
  onTaken?: () => void;
  /** It is over, or can no longer be followed: what is stored is read before the feed goes. */
  settle: (ended: Ended) => Promise<void>;
}

const running = new Map<string, AbortController>();

/** Until the turn is over; false if nobody wants to know any more. What the hub refuses is thrown. */
export async function follow(session: string, following: Following): Promise<boolean> {
  if (running.has(session)) return false;
  const ending = new AbortController();
  running.set(session, ending);
  const feed = new Painted(session, following);
  try {
    const ended = await new Attempt(session, following, feed, ending.signal).untilOver();
    feed.change({ state: "settling" });
    await following.settle(ended);
    return !ending.signal.aborted;
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    return false;
  } finally {
    feed.end();
    if (running.get(session) === ending) running.delete(session);
  }
}

/** What was followed is no more, or nobody's here. */
export function unfollow(session: string): void {
  running.get(session)?.abort();
}

export const isFollowed = (session: string): boolean => running.has(session);

/** Somebody has asked that no answer be made. */
export function setStopping(session: string, isStopping: boolean): void {
  change(session, { isStopping });
}

export function setWrong(session: string, error: Error | undefined): void {
  useFeeds.setState(({ wrong: { [session]: _, ...rest } }) => ({ wrong: error === undefined ? rest : { ...rest, [session]: error } }));
}

onSessionEnded(() => {
  for (const ending of running.values()) ending.abort();
  useFeeds.setState({ of: {}, wrong: {}, stopped: {} });
});

function change(session: string, changed: Partial<Feed>): void {
  useFeeds.setState(({ of }) => (of[session] === undefined ? {} : { of: { ...of, [session]: { ...of[session], ...changed } } }));
}

/** The feed as it is shown: changed at once, painted a few times a second. */
class Painted {
  readonly #session: string;
  #turn: LiveTurn;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: string, { ask, turn = NEW_TURN }: Following) {
    this.#session = session;
    this.#turn = turn;
    const feed: Feed = { question: ask?.content, turn, state: "following", isStopping: false };
    useFeeds.setState(({ of }) => ({ of: { ...of, [session]: feed } }));
  }

  take(frame: Frame): void {
    this.#turn = after(this.#turn, frame);
    if (frame.name !== "content_delta") this.#paint();
    else this.#timer ??= setTimeout(() => this.#paint(), PAINT_MS);
  }

  change(changed: Partial<Feed>): void {
    this.#paint();
    change(this.#session, changed);
  }

  keep(): void {
    const { id } = this.#turn;
    if (id !== undefined) useFeeds.setState(({ stopped }) => ({ stopped: { ...stopped, [id]: this.#turn } }));
  }

  end(): void {
    clearTimeout(this.#timer);
    useFeeds.setState(({ of: { [this.#session]: _, ...of } }) => ({ of }));
  }

  #paint(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    change(this.#session, { turn: this.#turn });
  }
}

class Attempt {
  readonly #path: string;
  readonly #session: string;
  readonly #following: Following;
  readonly #feed: Painted;
  readonly #signal: AbortSignal;
  #hasBegun = false;
  #failures = 0;

  constructor(session: string, following: Following, feed: Painted, signal: AbortSignal) {
    this.#path = getWatchChatUrl(session);
    this.#session = session;
    this.#following = following;
    this.#feed = feed;
    this.#signal = signal;
  }

  async untilOver(): Promise<Ended> {
    let asks = this.#following.ask;
    for (;;) {
      try {
        return await this.#once(asks);
      } catch (error) {
        if (!this.#isWorthAnother(error)) throw error;
      }
      // Whether the question has arrived is not known: asked a second time it could be answered twice.
      asks = undefined;
      this.#feed.change({ state: "reconnecting" });
      await pause(PAUSES_MS[this.#failures] ?? 8_000, this.#signal);
      this.#failures += 1;
    }
  }

  #isWorthAnother(error: unknown): boolean {
    if (this.#signal.aborted) return false;
    if (error instanceof Unreachable) return this.#failures < 12;
    // Asked for once more, it may be too early or too much; a question that is refused is refused.
    return error instanceof ApiError && this.#hasBegun && (error.status === 429 || error.status >= 500) && this.#failures < 12;
  }

  async #once(ask: NewChatMessage | undefined): Promise<Ended> {
    const body = await pour(this.#path, { ...(ask === undefined ? {} : posted(ask)), signal: this.#signal });
    if (ask !== undefined) this.#following.onTaken?.();
    this.#hasBegun = true;
    this.#feed.change({ state: "following" });
    for await (const { name, data } of sent(body, SILENCE_MS)) {
      const frame = frameOf(name, data);
      if (frame === undefined) continue;
      this.#failures = 0;
      if (frame.name === "message_complete") return { answer: frame.message };
      if (frame.name === "cancelled") {
        this.#feed.keep();
        return {};
      }
      if (frame.name === "error") {
        setWrong(this.#session, new ApiError(0, frame));
        return {};
      }
      this.#feed.take(frame);
    }
    // One that was asked here ends with how it ended; otherwise the way has broken off.
    if (ask !== undefined) throw new Unreachable(new Error("the stream has ended early"));
    return {};
  }
}

const posted = (body: NewChatMessage): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
