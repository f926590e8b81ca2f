import { act, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { BellLater } from "@/app/notifications/bell-later";
import { useOverlay } from "@/app/shell/overlay";
import { show } from "@/testing/render";

const asked = vi.hoisted(() => vi.fn());
vi.mock("@/app/notifications/bell", () => {
  asked();
  throw new Error("away");
});

test("a bell that does not come is asked for when it is wanted, and keeps no keys to itself", async () => {
  await show(<BellLater />);
  await waitFor(() => expect(asked).toHaveBeenCalled());
  const before = asked.mock.calls.length;
  act(() => useOverlay.getState().show("notifications"));
  await waitFor(() => expect(useOverlay.getState().shown).toBeUndefined());
  expect(asked.mock.calls.length).toBeGreaterThan(before);
});
