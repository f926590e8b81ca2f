/** Reads again what events have changed, soon but never often. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";

import { useLiveEvents, useLiveState, type Wanted } from "@/lib/live";

/** The projection that is read is a little behind the stream. */
const SOON_MS = 100;
const BETWEEN_MS = 300;
/** Once more when nothing has come for a while, or the stream is on for so long, whatever the projection was behind. */
const SETTLED_MS = 1_500;

/**
 * While shown: after wanted events the queries whose keys begin with one of `prefixes`
 * (`/api/v1/alerts`) are read again: 0.1 s after the first event, then at most each 0.3 s (or
 * `between` milliseconds) and never twice at once, and once more when it has become quiet. Also a
 * moment after the stream is on: what came between a first read and that was told to nobody. In a tab
 * that nobody sees nothing is read until somebody does.
 */
export function useRefreshOn(wanted: Wanted, prefixes: readonly string[], between = BETWEEN_MS): void {
  const client = useQueryClient();
  const pace = useRef<Pace>(undefined);
  const read = useEffectEvent(() =>
    client.invalidateQueries(
      { predicate: ({ queryKey }) => prefixes.some((prefix) => startsWith(queryKey[0], prefix)) },
      // What is on its way is awaited, not broken off: a slow hub would never come to an end.
      { cancelRefetch: false },
    ),
  );
  useEffect(() => {
    const mine = new Pace(() => read(), between);
    pace.current = mine;
    const looked = () => mine.catchUp();
    document.addEventListener("visibilitychange", looked);
    return () => {
      document.removeEventListener("visibilitychange", looked);
      mine.stop();
    };
  }, [between]);
  useLiveEvents(wanted, () => pace.current?.changed());
  const isOn = useLiveState(({ connection }) => connection === "live") && wanted.enabled !== false;
  useEffect(() => {
    if (isOn) pace.current?.settle();
  }, [isOn]);
}

/** When to read. */
class Pace {
  readonly #read: () => Promise<void>;
  readonly #between: number;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #settled: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #reading = false;
  /** Something has changed since what is read now was asked for, or while nobody looked. */
  #owed = false;

  constructor(read: () => Promise<void>, between: number) {
    this.#read = read;
    this.#between = between;
  }

  changed(): void {
    this.#readSoon();
    this.settle();
  }

  settle(): void {
    clearTimeout(this.#settled);
    this.#settled = setTimeout(() => void this.#readNow(), SETTLED_MS);
  }

  catchUp(): void {
    if (this.#owed) this.#readSoon();
  }

  stop(): void {
    clearTimeout(this.#soon);
    clearTimeout(this.#settled);
    this.#owed = false;
  }

  #readSoon(): void {
    const pause = Math.max(SOON_MS, this.#last + this.#between - performance.now());
    this.#soon ??= setTimeout(() => void this.#readNow(), pause);
  }

  async #readNow(): Promise<void> {
    this.#soon = undefined;
    this.#owed = this.#reading || document.hidden;
    if (this.#owed) return;
    this.#reading = true;
    await this.#read();
    this.#reading = false;
    this.#last = performance.now();
    this.catchUp();
  }
}

function startsWith(key: unknown, prefix: string): boolean {
  return typeof key === "string" && (key === prefix || key.startsWith(`${prefix}/`));
}
