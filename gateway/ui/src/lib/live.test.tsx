import { act, renderHook, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { call, Unreachable } from "@/lib/http";
import { live, useLiveEvents, useLiveState, type LiveEvent } from "@/lib/live";
import { hub } from "@/testing/hub";
import { FakeStream, liveEvent, replayState } from "@/testing/stream";
import { AuthFailed, Refused, ResumeExpired } from "@live";

vi.mock("@live", async (original) => {
  const { FakeStream } = await import("@/testing/stream");
  return { ...(await original<object>()), LiveStream: FakeStream };
});

const caughtUp = { type: "caught_up", id: "pages", sequence: 7 } as const;
const refusal = (code: string, id?: string) => ({ type: "error", code, message: "no", ...(id ? { id } : {}) }) as const;
let stream: FakeStream;

beforeEach(() => {
  live.start("ws://hub.test/ws");
  stream = FakeStream.last;
});
afterEach(() => {
  live.stop();
  live.onGap = live.onSignedOut = live.onRightsChanged = () => {};
});

function listening(wanted: Parameters<typeof useLiveEvents>[0]) {
  const batches: LiveEvent[][] = [];
  renderHook(() => useLiveEvents(wanted, (events) => batches.push([...events])));
  return batches;
}

test("a storm comes in one batch, in order", async () => {
  const batches = listening({});
  const storm = Array.from({ length: 500 }, (_, at) => liveEvent({ sequence: at + 1 }));
  stream.says(...storm);
  await waitFor(() => expect(batches.flat()).toHaveLength(500));
  expect(batches.length).toBeLessThan(4);
  expect(batches.flat().map(({ sequence }) => sequence)).toEqual(storm.map(({ sequence }) => sequence));
  expect(useLiveState.getState().sequence).toBe(500);
});

test("each gets what it wants: by type, by cluster, replayed or not, or nothing", async () => {
  const resolved = listening({ types: ["ALERT_RESOLVED"] });
  const other = listening({ cluster: "d" });
  const replayed = listening({ replayed: true });
  const none = listening({ enabled: false });
  stream.says(
    liveEvent({ event_id: "1" }),
    liveEvent({ event_id: "2", event_type: "ALERT_RESOLVED" }),
    liveEvent({ event_id: "3", cluster_id: "d" }),
    liveEvent({ event_id: "4", replayed: true, sequence: 99 }),
  );
  await waitFor(() => expect(replayed.flat().map(({ event_id }) => event_id)).toEqual(["4"]));
  expect(resolved.flat().map(({ event_id }) => event_id)).toEqual(["2"]);
  expect(other.flat().map(({ event_id }) => event_id)).toEqual(["3"]);
  expect(none).toEqual([]);
  // What is replayed has happened long ago.
  expect(useLiveState.getState().sequence).toBe(1);
});

test("the state of the connection is told", async () => {
  stream.says(caughtUp);
  await waitFor(() => expect(useLiveState.getState()).toMatchObject({ connection: "live", sequence: 7 }));
  stream.says(replayState(), { type: "reconnecting", reason: "closed with 1006", seconds: 4 });
  await waitFor(() => expect(useLiveState.getState().connection).toBe("reconnecting"));
  expect(useLiveState.getState()).toMatchObject({ reason: "closed with 1006", replay: undefined });
  stream.says(caughtUp);
  await waitFor(() => expect(useLiveState.getState()).toMatchObject({ connection: "live", retryAt: undefined }));
});

test("a history that is not kept any more: everything is read anew, and it goes on", async () => {
  live.onGap = vi.fn();
  stream.says(new ResumeExpired(refusal("RESUME_EXPIRED", "pages")));
  await waitFor(() => expect(stream.resume).toHaveBeenCalledWith("pages", null));
  expect(live.onGap).not.toHaveBeenCalled();
  stream.says(caughtUp);
  await waitFor(() => expect(useLiveState.getState().connection).toBe("live"));
  expect(useLiveState.getState().lostAt).toBeGreaterThan(Date.now() - 10_000);
  expect(live.onGap).toHaveBeenCalledOnce();
});

test("a replay that is refused ends nothing else", async () => {
  live.replay({ id: "time-machine", from: "2026-03-04T12:00:00Z" });
  stream.says(new Refused(refusal("LIMIT_REACHED", "time-machine")), caughtUp);
  await waitFor(() => expect(useLiveState.getState().connection).toBe("live"));
  expect(useLiveState.getState().replayRefused).toContain("LIMIT_REACHED");
});

test("a subscription that is refused is left out, the others go on", async () => {
  const batches = listening({});
  live.subscribe("mine", { event_types: ["NO_SUCH"] });
  expect(stream.subscribed.has("mine")).toBe(true);
  stream.says(new Refused(refusal("INVALID_SUBSCRIPTION", "mine")), liveEvent());
  await waitFor(() => expect(batches.flat()).toHaveLength(1));
  expect(stream.subscribed.has("mine")).toBe(false);
});

test("who may not see anything is logged out", async () => {
  live.onSignedOut = vi.fn();
  stream.says(new AuthFailed(refusal("AUTH_FAILED")));
  await waitFor(() => expect(live.onSignedOut).toHaveBeenCalledOnce());
  expect(useLiveState.getState().connection).toBe("refused");
});

test("rights that have changed are told, and end nothing; other losses are not taken for it", async () => {
  live.onSignedOut = vi.fn();
  live.onRightsChanged = vi.fn();
  stream.says({ type: "reconnecting", reason: "closed with 1006", seconds: 4 });
  await waitFor(() => expect(useLiveState.getState().connection).toBe("reconnecting"));
  expect(live.onRightsChanged).not.toHaveBeenCalled();
  stream.says({ type: "reconnecting", reason: "AUTH_EXPIRED: the login or its rights have changed", seconds: 1 }, caughtUp);
  await waitFor(() => expect(useLiveState.getState().connection).toBe("live"));
  expect(live.onRightsChanged).toHaveBeenCalledOnce();
  expect(live.onSignedOut).not.toHaveBeenCalled();
});

test("what was subscribed before there was a connection is asked for with it", () => {
  act(() => live.stop());
  const forget = live.subscribe("telemetry", { event_types: ["CLUSTER_HEALTH_CHECKED"] });
  live.start("ws://hub.test/ws");
  expect(FakeStream.last.subscribed.get("telemetry")).toEqual({ event_types: ["CLUSTER_HEALTH_CHECKED"] });
  forget();
  expect(FakeStream.last.subscribed.has("telemetry")).toBe(false);
});

test("in another network, seen again, or where a request got no answer, the connection is tried at once", async () => {
  window.dispatchEvent(new Event("online"));
  expect(stream.check).toHaveBeenCalledTimes(1);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(stream.check).toHaveBeenCalledTimes(2);
  hub.use(http.get("*/api/v1/clusters", () => HttpResponse.error()));
  await expect(call("/api/v1/clusters")).rejects.toBeInstanceOf(Unreachable);
  expect(stream.check).toHaveBeenCalledTimes(3);
});
