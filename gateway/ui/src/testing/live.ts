/** The live stream of a test without a socket. */

import { act } from "@testing-library/react";
import { vi } from "vitest";

import { live, type LiveEvent } from "@/lib/live";
import { liveEvent } from "@/testing/stream";

/** From now on the pages hear what is given to the function. */
export function hearing(): (event: Partial<LiveEvent>) => void {
  const listeners = new Set<(events: readonly LiveEvent[]) => void>();
  vi.spyOn(live, "listen").mockImplementation((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  });
  return (event) =>
    act(() => {
      for (const tell of listeners) tell([liveEvent(event)]);
    });
}
