import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { TOGETHER_MS, useNotifier } from "@/app/notifier";
import { live, type LiveEvent } from "@/lib/live";
import { useSettings } from "@/lib/settings";
import { show } from "@/testing/render";
import { liveEvent } from "@/testing/stream";

class FakeNotification extends EventTarget {
  static permission = "granted";
  static shown: FakeNotification[] = [];
  readonly close = vi.fn();
  constructor(readonly title: string) {
    super();
    FakeNotification.shown.push(this);
  }
}
const titles = () => FakeNotification.shown.map(({ title }) => title);
let tell: (events: readonly LiveEvent[]) => void;

beforeEach(() => {
  vi.stubGlobal("Notification", FakeNotification);
  FakeNotification.shown = [];
  FakeNotification.permission = "granted";
  tell = () => {};
  vi.spyOn(live, "listen").mockImplementation((listener) => {
    tell = listener;
    return () => {};
  });
  useSettings.setState({ notified: ["CRITICAL"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  useSettings.setState({ notified: [] });
});

function Notifier() {
  useNotifier();
  return null;
}
async function shown(at = "/") {
  const result = await show(<Notifier />, { at });
  vi.useFakeTimers();
  return result;
}
const fires = (id: string, severity = "CRITICAL") =>
  act(() => tell([liveEvent({ payload: { alert: { id, alertname: id, severity, annotations: {} } } })]));
const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

test("the first is told at once, all that come within five seconds are the second", async () => {
  await shown();
  fires("a");
  await pass(0);
  expect(titles()).toEqual(["Critical: a on edge-3"]);
  fires("b");
  fires("c");
  fires("d", "INFO");
  await pass(TOGETHER_MS - 1);
  expect(titles()).toHaveLength(1);
  await pass(1);
  expect(titles()[1]).toBe("2 new alerts, 2 critical");
});

test("a click opens the alert, as it is now", async () => {
  const { where } = await shown();
  vi.spyOn(window, "focus").mockImplementation(() => {});
  fires("a");
  await pass(0);
  await act(async () => void FakeNotification.shown[0]?.dispatchEvent(new Event("click")));
  await pass(0);
  expect(where()).toBe("/alerts?alert=a");
});

test("the past tells nothing, nor does a browser that may not", async () => {
  const past = await shown("/?as_of=2026-03-04T12:00:00Z");
  fires("a");
  await pass(TOGETHER_MS);
  past.unmount();
  vi.useRealTimers();
  FakeNotification.permission = "denied";
  await shown();
  fires("b");
  await pass(TOGETHER_MS);
  expect(titles()).toEqual([]);
});
