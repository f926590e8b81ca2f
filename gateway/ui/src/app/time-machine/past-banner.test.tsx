import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { PastBanner } from "@/app/time-machine/past-banner";
import { getListEventsResponseMock } from "@/generated/api.msw";
import { live, useLiveState } from "@/lib/live";
import { usePlayback } from "@/lib/playback";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";
import { FakeStream, liveEvent, replayState } from "@/testing/stream";
import { Refused } from "@live";

vi.mock("@live", async (original) => {
  const { FakeStream } = await import("@/testing/stream");
  return { ...(await original<object>()), LiveStream: FakeStream };
});

const AS_OF = "2026-03-04T12:00:00.000Z";
const AT = `/alerts?as_of=${AS_OF}&from=2026-03-04T11:30:00.000Z&to=2026-03-04T12:30:00.000Z`;
const caughtUp = { type: "caught_up", id: "pages", sequence: 1 } as const;
let stream: FakeStream;
const says = (...items: Parameters<FakeStream["says"]>) => act(async () => stream.says(...items));
const asOf = (where: string) => new URLSearchParams(where.split("?")[1]).get("as_of");

beforeEach(async () => {
  const [record] = getListEventsResponseMock().items;
  const event = (minute: string, alertname: string) => ({
    ...record!,
    event_type: "ALERT_FIRED",
    cluster_name: "edge-3",
    timestamp: `2026-03-04T${minute}:00.000Z`,
    logged_at: `2026-03-04T${minute}:00.000Z`,
    payload: { alert: { alertname, severity: "CRITICAL" } },
  });
  const items = [event("12:20", "Later"), event("11:59", "KubeNodeNotReady")];
  hub.use(http.get("*/api/v1/events", () => HttpResponse.json({ items, next_cursor: null })));
  live.start("ws://hub.test/ws");
  stream = FakeStream.last;
  await says(caughtUp);
});
afterEach(() => {
  live.stop();
  usePlayback.setState({ playing: false, speed: 60, played: [] });
});

test("nothing is there while the page is live", async () => {
  const { container } = await show(<PastBanner />, { at: "/alerts" });
  expect(container).toBeEmptyDOMElement();
});

test("it says which instant is shown and what had happened last", async () => {
  await show(<PastBanner />, { at: AT });
  expect(screen.getByRole("region", { name: "Time machine" })).toHaveTextContent("2026-03-04 12:00:00");
  expect(await screen.findByText(/Alert fired: KubeNodeNotReady on edge-3/)).toBeVisible();
  expect(screen.getByText("2 events")).toBeVisible();
});

test("events that cannot be read are no quiet time", async () => {
  hub.use(
    http.get("*/api/v1/events", () => HttpResponse.json({ error: { code: "PERMISSION_DENIED" } }, { status: 403 })),
  );
  await show(<PastBanner />, { at: AT });
  expect(await screen.findByText("The events of this time could not be read.")).toBeVisible();
});

test("the way back is a button, and Escape", async () => {
  const first = await show(<PastBanner />, { at: AT });
  await first.user.click(screen.getByRole("button", { name: "Back to live" }));
  expect(asOf(first.where())).toBeNull();
  first.unmount();
  const second = await show(<PastBanner />, { at: AT });
  screen.getByRole("button", { name: "Play" }).focus();
  await second.user.keyboard("{Escape}");
  await waitFor(() => expect(asOf(second.where())).toBeNull());
});

test("the slider takes the page along once the hand rests", async () => {
  const { where } = await show(<PastBanner />, { at: AT });
  const slider = screen.getByRole("slider", { name: "Instant" });
  for (const minute of ["11:50", "11:45", "11:40"]) {
    fireEvent.change(slider, { target: { value: String(Date.parse(`2026-03-04T${minute}:00Z`)) } });
  }
  expect(slider).toHaveAttribute("aria-valuetext", expect.stringContaining(":40:00"));
  expect(asOf(where())).toBe(AS_OF);
  await waitFor(() => expect(asOf(where())).toBe("2026-03-04T11:40:00.000Z"));
});

test("playing asks for a replay from here, and the page follows it", async () => {
  const { user, where } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  expect(stream.replay).toHaveBeenCalledWith(expect.objectContaining({ from: AS_OF, speed: 60 }));
  await says(replayState({ from: AS_OF, position: "2026-03-04T12:01:00.000Z" }));
  await waitFor(() => expect(asOf(where())).toBe("2026-03-04T12:01:00.000Z"));
  // The page that has followed is no jump of somebody's.
  expect(stream.replay).toHaveBeenCalledOnce();
  const payload = { alert: { alertname: "Played" } };
  await says(
    liveEvent({ replayed: true, timestamp: "2026-03-04T12:00:30.000Z", payload }),
    liveEvent({ replayed: true, timestamp: "2026-03-04T12:01:30.000Z", payload: { alert: { alertname: "Ahead" } } }),
  );
  expect(await screen.findByText(/Alert fired: Played/)).toBeVisible();
  expect(screen.queryByText(/Ahead/)).toBeNull();
});

test("however often it is told, the page moves at most once a second", async () => {
  const { user, where } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  await says(
    replayState({ from: AS_OF, position: "2026-03-04T12:01:00.000Z" }),
    replayState({ from: AS_OF, position: "2026-03-04T12:02:00.000Z" }),
    replayState({ from: AS_OF, position: "2026-03-04T12:03:00.000Z" }),
  );
  await waitFor(() => expect(asOf(where())).toBe("2026-03-04T12:01:00.000Z"));
});

test("a page that is still reading is waited for, so that it shows what it has read", async () => {
  const { user, where, client } = await show(<PastBanner />, { at: AT });
  await screen.findByText("2 events");
  await user.click(screen.getByRole("button", { name: "Play" }));
  let arrive = (_: number) => {};
  const reading = client.fetchQuery({ queryKey: ["page"], queryFn: () => new Promise<number>((done) => (arrive = done)) });
  await says(replayState({ from: AS_OF, position: "2026-03-04T12:01:00.000Z" }));
  await waitFor(() => expect(useLiveState.getState().replay?.position).toBe("2026-03-04T12:01:00.000Z"));
  expect(asOf(where())).toBe(AS_OF);
  arrive(1);
  await reading;
  await says(replayState({ from: AS_OF, position: "2026-03-04T12:02:00.000Z" }));
  await waitFor(() => expect(asOf(where())).toBe("2026-03-04T12:02:00.000Z"));
});

test("a speed counts while it plays", async () => {
  const { user } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  await says(replayState({ from: AS_OF }));
  await user.click(screen.getByRole("button", { name: "600 times as fast" }));
  expect(stream.controlReplay).toHaveBeenCalledWith("time-machine", { action: "speed", speed: 600 });
});

test("a pause stops it", async () => {
  const { user } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  await says(replayState({ from: AS_OF }));
  await user.click(screen.getByRole("button", { name: "Pause" }));
  expect(stream.controlReplay).toHaveBeenCalledWith("time-machine", { action: "stop" });
});

test("a jump while it plays goes on from there, whatever the old replay still says", async () => {
  const { user, where } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  const there = "2026-03-04T11:40:00.000Z";
  fireEvent.change(screen.getByRole("slider"), { target: { value: String(Date.parse(there)) } });
  await waitFor(() => expect(stream.replay).toHaveBeenLastCalledWith(expect.objectContaining({ from: there })));
  await says(replayState({ from: AS_OF, position: "2026-03-04T12:05:00.000Z" }));
  await says(replayState({ from: there, position: "2026-03-04T11:41:00.000Z" }));
  await waitFor(() => expect(asOf(where())).toBe("2026-03-04T11:41:00.000Z"));
});

test("after a lost connection it plays on from where it was", async () => {
  const { user, where } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  await says(replayState({ from: AS_OF, position: "2026-03-04T12:01:00.000Z" }));
  await waitFor(() => expect(asOf(where())).toBe("2026-03-04T12:01:00.000Z"));
  await says({ type: "reconnecting", reason: "closed", seconds: 1 });
  expect(await screen.findByText(/The connection is lost/)).toBeVisible();
  await says(caughtUp);
  await waitFor(() =>
    expect(stream.replay).toHaveBeenLastCalledWith(expect.objectContaining({ from: "2026-03-04T12:01:00.000Z" })),
  );
});

test("at its end the page is live", async () => {
  const { user, where } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  await says(replayState({ from: AS_OF, state: "ended" }));
  await waitFor(() => expect(asOf(where())).toBeNull());
  expect(usePlayback.getState().playing).toBe(false);
});

test("a hub that does not play says why, and the page stays", async () => {
  const { user, where } = await show(<PastBanner />, { at: AT });
  await user.click(screen.getByRole("button", { name: "Play" }));
  await says(new Refused({ type: "error", code: "OVERLOADED", message: "64 are played", id: "time-machine" }));
  expect(await screen.findByText(/The hub does not play: OVERLOADED: 64 are played/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Play" })).toBeVisible();
  expect(asOf(where())).toBe(AS_OF);
  expect(useLiveState.getState().connection).not.toBe("refused");
});
