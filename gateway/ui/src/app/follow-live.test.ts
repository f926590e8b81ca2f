import { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test, vi } from "vitest";

import { followLive } from "@/app/follow-live";
import { useRecent } from "@/app/palette/recent";
import { getWhoAmIQueryKey } from "@/generated/api";
import { live } from "@/lib/live";
import { sessionBegan, sessionEnded, wantedBefore } from "@/lib/session";
import { hub } from "@/testing/hub";

afterEach(() => useRecent.setState({ ids: [] }));

function followed(pathname: string, href = pathname) {
  const client = new QueryClient();
  client.setQueryData(["/api/v1/clusters"], ["secret"]);
  const navigate = vi.fn();
  const stop = vi.spyOn(live, "stop").mockImplementation(() => {});
  followLive(client, { state: { location: { pathname, href } }, navigate } as unknown as AnyRouter);
  return { client, navigate, stop };
}

test("a session that has ended leaves nothing behind, and one comes back to where one was", () => {
  const { client, navigate, stop } = followed("/alerts", "/alerts?severity=CRITICAL");
  sessionEnded();
  expect(client.getQueryData(["/api/v1/clusters"])).toBeUndefined();
  expect(stop).toHaveBeenCalled();
  expect(navigate).toHaveBeenCalledWith({ to: "/login" });
  expect(wantedBefore()).toBe("/alerts?severity=CRITICAL");
});

test("who logs out leaves to the next one neither the place nor what was looked for", () => {
  const { navigate } = followed("/clusters/7");
  useRecent.getState().chosen("cluster:7");
  sessionEnded(true);
  expect(navigate).toHaveBeenCalledWith({ to: "/login" });
  expect(wantedBefore()).toBe("/");
  expect(useRecent.getState().ids).toEqual([]);
  expect(localStorage.getItem("aiops.recent")).not.toContain("cluster:7");
});

const elsewhere = (word: string) =>
  window.dispatchEvent(new StorageEvent("storage", { key: "aiops.session", newValue: word }));

test("what one tab tells of the session is what others listen to", () => {
  const told = vi.spyOn(Storage.prototype, "setItem");
  sessionBegan();
  sessionEnded(true);
  expect(told.mock.calls.filter(([key]) => key === "aiops.session").map(([, word]) => word)).toEqual(["began", "ended"]);
  expect(localStorage.getItem("aiops.session")).toBeNull();
});

test("who has logged out in another tab is logged out here", () => {
  const { client, navigate } = followed("/alerts");
  elsewhere("ended");
  expect(client.getQueryData(["/api/v1/clusters"])).toBeUndefined();
  expect(navigate).toHaveBeenCalledWith({ to: "/login" });
});

test("somebody else who logs in elsewhere is not shown what was read here; oneself is not disturbed", async () => {
  const reload = vi.fn();
  vi.stubGlobal("location", { reload, href: "http://hub.test/", origin: "http://hub.test" });
  const { client } = followed("/alerts");
  const me = { user: "ada", role: "admin", clusters: [], everywhere: true };
  const answered = vi.fn();
  client.setQueryData(getWhoAmIQueryKey(), me);
  hub.use(http.get("*/auth/me", () => (answered(), HttpResponse.json({ ...me, expires_at: "2026-03-04T12:00:00Z" }))));
  elsewhere("began");
  await vi.waitFor(() => expect(answered).toHaveBeenCalled());
  hub.use(http.get("*/auth/me", () => HttpResponse.json({ ...me, user: "bob", role: "viewer" })));
  expect(reload).not.toHaveBeenCalled();
  elsewhere("began");
  await vi.waitFor(() => expect(reload).toHaveBeenCalled());
  vi.unstubAllGlobals();
});

test("a gap in the history makes everything be read anew", () => {
  const { client } = followed("/");
  const invalidated = vi.spyOn(client, "invalidateQueries");
  live.onGap();
  expect(invalidated).toHaveBeenCalledWith();
});
