import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ConnectionNotice } from "@/app/shell/connection-notice";
import { live, useLiveState } from "@/lib/live";
import { show } from "@/testing/render";

const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));
const set = (state: Partial<ReturnType<typeof useLiveState.getState>>) => act(() => useLiveState.setState(state));

beforeEach(() => useLiveState.setState({ connection: "live", retryAt: undefined }));
afterEach(() => {
  vi.useRealTimers();
  useLiveState.setState({ connection: "connecting", retryAt: undefined });
});

async function shown(at = "/") {
  await show(<ConnectionNotice />, { at });
  vi.useFakeTimers();
}

test("a short loss is made good unseen", async () => {
  await shown();
  set({ connection: "reconnecting" });
  await pass(1_900);
  set({ connection: "live" });
  await pass(10_000);
  expect(screen.queryByText("The live connection is lost")).toBeNull();
});

test("a longer one is told, with the next try, and goes by itself", async () => {
  await shown();
  set({ connection: "reconnecting", retryAt: Date.now() + 10_500 });
  await pass(2_100);
  expect(screen.getByText("The live connection is lost")).toBeInTheDocument();
  expect(screen.getByText(/Next try in 8 sec/)).toBeInTheDocument();
  const check = vi.spyOn(live, "check");
  screen.getByRole("button", { name: "Try now" }).click();
  expect(check).toHaveBeenCalledOnce();
  set({ connection: "live" });
  await pass(500);
  expect(screen.queryByText("The live connection is lost")).toBeNull();
});

test("a hub that refuses is not waited for", async () => {
  await shown();
  set({ connection: "refused" });
  await pass(2_100);
  expect(screen.getByText("The hub refuses it.")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Load the page anew" })).toBeInTheDocument();
});
