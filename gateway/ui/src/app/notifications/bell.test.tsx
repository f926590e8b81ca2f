import { act, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";

import { Bell } from "@/app/notifications/bell";
import { unreadOf, useNotifications } from "@/app/notifications/store";
import { Keyboard } from "@/app/shell/keyboard";
import { useOverlay } from "@/app/shell/overlay";
import { live, type LiveEvent } from "@/lib/live";
import { useSettings } from "@/lib/settings";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";
import { liveEvent } from "@/testing/stream";

let tell: (events: readonly LiveEvent[]) => void;
beforeEach(() => {
  hub.use(
    http.get("*/api/v1/events", () => HttpResponse.json({ items: [opened("old", "2026-03-04T10:00:00.000Z")], next_cursor: null })),
    http.get("*/api/v1/analysis/rca", () => HttpResponse.json({ items: [], page: 1, page_size: 10, total: 0, total_pages: 0 })),
  );
  tell = () => {};
  vi.spyOn(live, "listen").mockImplementation((listener) => {
    tell = listener;
    return () => {};
  });
  useNotifications.setState({ list: [], seenAt: Date.parse("2026-03-04T11:00:00Z") });
  useSettings.setState({ listed: ["CRITICAL", "WARNING"] });
  useOverlay.getState().hide();
});

const opened = (id: string, timestamp: string, severity = "CRITICAL") =>
  liveEvent({ event_id: id, event_type: "INCIDENT_OPENED", timestamp, payload: { incident: { id, title: `Incident ${id}`, severity } } });
const comes = (...events: LiveEvent[]) => act(() => tell(events));

test("what comes is counted, told as links, and read once it was seen", async () => {
  const { user, where } = await show(<Bell />, { at: "/alerts" });
  comes(opened("one", "2026-03-04T12:00:00.000Z"), opened("two", "2026-03-04T12:05:00.000Z"), opened("low", "2026-03-04T12:06:00.000Z", "INFO"));
  await user.click(await screen.findByRole("button", { name: "Notifications: 2 unread" }));
  const list = await screen.findByRole("list", { name: "What has happened" });
  expect(within(list).getAllByRole("link").map(({ textContent }) => textContent)).toEqual([
    expect.stringContaining("Incident: Incident two, unread"),
    expect.stringContaining("Incident: Incident one, unread"),
  ]);
  await user.click(within(list).getByRole("link", { name: /Incident two/ }));
  await waitFor(() => expect(where()).toBe("/incidents/two"));
  expect(screen.getByRole("button", { name: "Notifications" })).toBeVisible();
});

test("all can be marked read, and that stays so in this browser", async () => {
  const { user } = await show(<Bell />);
  comes(opened("one", "2026-03-04T12:00:00.000Z"));
  await user.click(await screen.findByRole("button", { name: "Notifications: 1 unread" }));
  await user.click(await screen.findByRole("button", { name: "Mark all read" }));
  expect(screen.getByRole("button", { name: "Mark all read" })).toBeDisabled();
  expect(JSON.parse(localStorage.getItem("aiops.seen")!).state).toEqual({ seenAt: Date.parse("2026-03-04T12:00:00Z") });
});

test("what happened before is read once, and is no news to who comes for the first time", async () => {
  useNotifications.setState({ seenAt: undefined });
  await show(<Bell />);
  await waitFor(() => expect(useNotifications.getState().list.map(({ title }) => title)).toEqual(["Incident: Incident old"]), { timeout: 8_000 });
  expect(screen.getByRole("button", { name: "Notifications" })).toBeVisible();
  comes(opened("new", "2026-03-04T12:00:00.000Z"));
  expect(await screen.findByRole("button", { name: "Notifications: 1 unread" })).toBeVisible();
});

test("while the past is shown nothing is counted, and it says why", async () => {
  useNotifications.getState().add([]);
  const { user } = await show(<Bell />, { at: "/?as_of=2026-03-04T12:00:00Z" });
  await user.click(screen.getByRole("button", { name: "Notifications" }));
  expect(await screen.findByText(/go back to live/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Mark all read" })).toBeDisabled();
});

test("what happens while the past is shown is there when one is back", async () => {
  await show(<Bell />, { at: "/?as_of=2026-03-04T12:00:00Z" });
  comes(opened("one", "2026-03-04T12:00:00.000Z"));
  expect(useNotifications.getState().list.map(({ title }) => title)).toEqual(["Incident: Incident one"]);
  expect(screen.getByRole("button", { name: "Notifications" })).toBeVisible();
});

test("what was seen is read however it closes, and the past shows nothing to be read", async () => {
  const { unmount } = await show(<Bell />);
  comes(opened("one", "2026-03-04T12:00:00.000Z"));
  act(() => useOverlay.getState().show("notifications"));
  // It fades in: there is not visible yet.
  await waitFor(() => expect(screen.getByRole("list", { name: "What has happened" })).toBeVisible());
  act(() => useOverlay.getState().show("palette"));
  expect(screen.getByRole("button", { name: "Notifications" })).toBeVisible();
  act(() => useOverlay.getState().hide());
  unmount();
  await show(<Bell />, { at: "/?as_of=2026-03-04T12:00:00Z" });
  comes(opened("two", "2026-03-04T12:05:00.000Z"));
  act(() => useOverlay.getState().show("notifications"));
  act(() => useOverlay.getState().hide());
  expect(unreadOf(useNotifications.getState())).toBe(1);
});

test("b closes what b has opened", async () => {
  const { user } = await show(
    <>
      <Bell />
      <Keyboard onNavigation={() => {}} />
    </>,
  );
  comes(opened("one", "2026-03-04T12:00:00.000Z"));
  await user.keyboard("b");
  (await screen.findByRole("button", { name: "Mark all read" })).focus();
  await user.keyboard("b");
  expect(useOverlay.getState().shown).toBeUndefined();
  expect(unreadOf(useNotifications.getState())).toBe(0);
});

test("a severity that is not wanted any more leaves the list", async () => {
  await show(<Bell />);
  comes(opened("one", "2026-03-04T12:00:00.000Z", "WARNING"));
  expect(useNotifications.getState().list).toHaveLength(1);
  act(() => useSettings.setState({ listed: ["CRITICAL"] }));
  await waitFor(() => expect(useNotifications.getState().list).toEqual([]));
});
