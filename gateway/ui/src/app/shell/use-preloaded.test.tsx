import { renderHook, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { usePreloaded } from "@/app/shell/use-preloaded";

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
