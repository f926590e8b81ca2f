import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { useNow } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import { show } from "@/testing/render";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function Shown() {
  const now = useNow(60_000);
  const setSearch = useSetSearch();
  return <button onClick={() => setSearch({ as_of: undefined })}>{new Date(now).toISOString()}</button>;
}

test("back from the past it is now at once, however seldom the clock ticks", async () => {
  vi.setSystemTime("2026-03-04T12:00:00Z");
  await show(<Shown />, { at: "/?as_of=2026-03-04T09:00:00.000Z" });
  expect(screen.getByRole("button")).toHaveTextContent("2026-03-04T09:00:00.000Z");
  vi.setSystemTime("2026-03-04T13:00:00Z");
  await act(async () => screen.getByRole("button").click());
  await act(() => vi.advanceTimersByTimeAsync(10));
  expect(screen.getByRole("button")).toHaveTextContent("2026-03-04T13:00:00");
});
