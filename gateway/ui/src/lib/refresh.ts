/** Reads again what events have changed, soon but never often. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { useLiveEvents, type Wanted } from "@/lib/live";

/** The projection that is read is a little behind the stream. */
const SOON_MS = 100;
const BETWEEN_MS = 300;
/** Once more when nothing has come for a while, whatever the projection was behind. */
const SETTLED_MS = 1_500;

/**
 * While shown: after wanted events the queries whose keys begin with one of `prefixes`
 * (`/api/v1/alerts`) are read again: 0.1 s after the first event, then at most each 0.3 s and
 * never twice at once, and once more when it has become quiet.
 */
export function useRefreshOn(wanted: Wanted, prefixes: readonly string[]): void {
  const client = useQueryClient();
  const soon = useRef<ReturnType<typeof setTimeout>>(undefined);
  const settled = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);

  const read = async () => {
    await client.invalidateQueries({
      predicate: ({ queryKey }) => prefixes.some((prefix) => startsWith(queryKey[0], prefix)),
    });
    last.current = performance.now();
    soon.current = undefined;
  };

  useLiveEvents(wanted, () => {
    const pause = Math.max(SOON_MS, last.current + BETWEEN_MS - performance.now());
    soon.current ??= setTimeout(() => void read(), pause);
    clearTimeout(settled.current);
    settled.current = setTimeout(() => void read(), SETTLED_MS);
  });
  useEffect(
    () => () => {
      clearTimeout(soon.current);
      clearTimeout(settled.current);
      soon.current = undefined;
    },
    [],
  );
}

function startsWith(key: unknown, prefix: string): boolean {
  return typeof key === "string" && (key === prefix || key.startsWith(`${prefix}/`));
}
