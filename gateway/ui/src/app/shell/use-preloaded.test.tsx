import { renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { usePreloaded } from "@/app/shell/use-preloaded";

afterEach(() => vi.unstubAllGlobals());

test("what cannot be loaded is closed again, as it would keep the keys to itself; later it is tried anew", async () => {
  const onClose = vi.fn();
  const load = vi.fn(async (): Promise<{ default: () => string }> => Promise.reject(new Error("away")));
  const { rerender } = renderHook(({ wanted }) => usePreloaded(load, wanted, { onClose }), {
    initialProps: { wanted: true },
  });
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  rerender({ wanted: false });
  rerender({ wanted: true });
  await waitFor(() => expect(load).toHaveBeenCalledTimes(2));
});

test("what cannot be loaded when nobody wants it is no error, and closes nothing", async () => {
  const deadline = { didTimeout: false, timeRemaining: () => 10 };
  vi.stubGlobal("requestIdleCallback", (run: (deadline: IdleDeadline) => void) => (run(deadline), 1));
  vi.stubGlobal("cancelIdleCallback", () => {});
  const onClose = vi.fn();
  const load = vi.fn(async (): Promise<{ default: () => string }> => Promise.reject(new Error("away")));
  const { unmount } = renderHook(() => usePreloaded(load, false, { onClose }));
  await waitFor(() => expect(load).toHaveBeenCalledOnce());
  // An error that nobody takes fails the run.
  await new Promise((done) => setTimeout(done, 0));
  expect(onClose).not.toHaveBeenCalled();
  unmount();
});
