import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { live, useLiveState } from "@/lib/live";
import { useRefreshOn } from "@/lib/refresh";
import { liveEvent } from "@/testing/stream";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  useLiveState.setState(useLiveState.getInitialState());
});

function watched(key: string, takes = 0) {
  const running = { now: 0, most: 0 };
  const read = vi.fn(async () => {
    running.most = Math.max(running.most, (running.now += 1));
    await new Promise((end) => setTimeout(end, takes));
    running.now -= 1;
    return 1;
  });
  const client = new QueryClient();
  let tell: (events: never) => void = () => {};
  vi.spyOn(live, "listen").mockImplementation((listener) => {
    tell = listener as never;
    return () => {};
  });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const hook = renderHook(
    () => {
      useQuery({ queryKey: [key, {}], queryFn: read });
      useRefreshOn({ types: ["ALERT_FIRED"] }, ["/api/v1/alerts"]);
    },
    { wrapper },
  );
  return { read, running, happens: (type = "ALERT_FIRED") => act(() => tell([liveEvent({ event_type: type })] as never)), ...hook };
}
const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

test("an event is read after a moment, and once more when it is quiet", async () => {
  const { read, happens } = watched("/api/v1/alerts");
  await pass(1_000);
  happens();
  await pass(99);
  expect(read).toHaveBeenCalledTimes(1);
  await pass(10);
  expect(read).toHaveBeenCalledTimes(2);
  await pass(2_000);
  expect(read).toHaveBeenCalledTimes(3);
  await pass(60_000);
  expect(read).toHaveBeenCalledTimes(3);
});

test("a storm of ten seconds costs a few reads a second", async () => {
  const { read, happens } = watched("/api/v1/alerts/facets");
  for (let at = 0; at < 200; at += 1) {
    happens();
    await pass(50);
  }
  expect(read.mock.calls.length).toBeGreaterThan(20);
  expect(read.mock.calls.length).toBeLessThan(40);
});

test("other events and other queries are left alone", async () => {
  const { read, happens } = watched("/api/v1/alerts-of-old");
  await pass(0);
  happens("CLUSTER_UPDATED");
  happens();
  await pass(5_000);
  expect(read).toHaveBeenCalledTimes(1);
});

test("who has left reads nothing", async () => {
  const { read, happens, unmount } = watched("/api/v1/alerts");
  await pass(0);
  happens();
  unmount();
  await pass(5_000);
  expect(read).toHaveBeenCalledTimes(1);
});

test("what came before the stream was on is read a moment after it is", async () => {
  const { read } = watched("/api/v1/alerts");
  await pass(5_000);
  expect(read).toHaveBeenCalledTimes(1);
  act(() => useLiveState.setState({ connection: "live" }));
  await pass(2_000);
  expect(read).toHaveBeenCalledTimes(2);
});

test("slow answers come, however often something happens", async () => {
  const { read, running, happens } = watched("/api/v1/alerts", 2_000);
  await pass(3_000);
  for (let at = 0; at < 10; at += 1) {
    happens();
    await pass(1_600);
  }
  expect(read.mock.calls.length).toBeGreaterThan(4);
  expect(running.most).toBe(1);
});

test("in a tab that nobody sees nothing is read until it is seen", async () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const { read, happens } = watched("/api/v1/alerts");
  await pass(0);
  for (let at = 0; at < 5; at += 1) {
    happens();
    await pass(2_000);
  }
  expect(read).toHaveBeenCalledTimes(1);
  hidden.mockReturnValue(false);
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  await pass(500);
  expect(read).toHaveBeenCalledTimes(2);
});
