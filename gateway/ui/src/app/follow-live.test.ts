import { QueryClient, QueryObserver } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test, vi } from "vitest";

import { followLive } from "@/app/follow-live";
import { useRecent } from "@/app/palette/recent";
import { getWhoAmIQueryKey } from "@/generated/api";
import type { Whoami } from "@/generated/api.schemas";
import { live, useLiveState } from "@/lib/live";
import { comeBackTo, sessionBegan, sessionEnded, wantedBefore } from "@/lib/session";
import { hub, somebody } from "@/testing/hub";

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
  comeBackTo("/clusters/7");
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
  const me = somebody();
  const answered = vi.fn();
  client.setQueryData(getWhoAmIQueryKey(), me);
  hub.use(http.get("*/auth/me", () => (answered(), HttpResponse.json({ ...me, expires_at: "2026-03-04T12:00:00Z" }))));
  elsewhere("began");
  await vi.waitFor(() => expect(answered).toHaveBeenCalled());
  hub.use(http.get("*/auth/me", () => HttpResponse.json({ ...me, user: "bob", role: "viewer" })));
  expect(reload).not.toHaveBeenCalled();
  elsewhere("began");
  await vi.waitFor(() => expect(reload).toHaveBeenCalled());
});

test("a gap in the history makes everything be read anew", () => {
  const { client } = followed("/");
  const invalidated = vi.spyOn(client, "invalidateQueries");
  live.onGap();
  expect(invalidated).toHaveBeenCalledWith();
});

/** The hub hangs up as rights have changed; who is here is `now` another one than `before`, or nobody. */
async function changed(before: Whoami, now: Whoami | undefined) {
  const page = followed("/alerts", "/alerts?severity=CRITICAL");
  const { client } = page;
  const reload = vi.fn();
  vi.stubGlobal("location", { reload, href: "http://hub.test/", origin: "http://hub.test" });
  client.setQueryData(getWhoAmIQueryKey(), before);
  const asked = vi.fn();
  hub.use(
    http.get("*/auth/me", () => {
      asked();
      if (now) return HttpResponse.json(now);
      return HttpResponse.json({ error: { code: "AUTH_FAILED", message: "no" } }, { status: 401 });
    }),
  );
  const shown = vi.fn(() => ["what one may see"]);
  client.setQueryData(["/api/v1/alerts"], ["before"]);
  const seen = new QueryObserver(client, { queryKey: ["/api/v1/alerts"], queryFn: shown, staleTime: 60_000 });
  const values: unknown[] = [];
  const end = seen.subscribe(({ data }) => values.push(data));
  live.onRightsChanged();
  await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce());
  return { ...page, reload, shown, seen, values, end };
}
afterEach(() => vi.unstubAllGlobals());

test("who may do more from now on sees it, and nothing of what was in sight goes", async () => {
  const now = somebody({ role: "operator" });
  const { client, navigate, stop, shown, seen, values, reload, end } = await changed(somebody({ role: "viewer", clusters: ["c1"] }), now);
  await vi.waitFor(() => expect(shown).toHaveBeenCalledOnce());
  expect(client.getQueryData(getWhoAmIQueryKey())).toEqual(now);
  await vi.waitFor(() => expect(seen.getCurrentResult().data).toEqual(["what one may see"]));
  expect(values).not.toContain(undefined);
  expect(useLiveState.getState().lostAt).toBeGreaterThan(Date.now() - 10_000);
  expect([navigate, stop, reload].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  end();
});

test("of what is closed from now on nothing stays, neither in sight nor kept", async () => {
  const now = somebody({ role: "viewer", clusters: ["c1"] });
  const { client, navigate, seen, values, reload, end } = await changed(somebody({ role: "viewer" }), now);
  await vi.waitFor(() => expect(seen.getCurrentResult().data).toEqual(["what one may see"]));
  expect(values).toContain(undefined);
  expect(client.getQueryData(["/api/v1/clusters"])).toBeUndefined();
  expect(client.getQueryData(getWhoAmIQueryKey())).toEqual(now);
  expect([navigate, reload].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  end();
});

test("where nothing is different, nothing is read again", async () => {
  const { client, shown, end } = await changed(somebody(), somebody({ expires_at: "2026-03-04T12:00:00Z" }));
  await vi.waitFor(() => expect(client.getQueryData<Whoami>(getWhoAmIQueryKey())?.expires_at).toBeTruthy());
  expect(shown).not.toHaveBeenCalled();
  expect(client.getQueryData(["/api/v1/clusters"])).toEqual(["secret"]);
  end();
});

test("whose session was ended elsewhere logs in again, and is then where they were", async () => {
  const { client, navigate, stop, end } = await changed(somebody(), undefined);
  await vi.waitFor(() => expect(navigate).toHaveBeenCalledExactlyOnceWith({ to: "/login" }));
  expect(stop).toHaveBeenCalled();
  expect(client.getQueryData(["/api/v1/clusters"])).toBeUndefined();
  expect(wantedBefore()).toBe("/alerts?severity=CRITICAL");
  end();
});

test("somebody else's session in this browser makes the page another one", async () => {
  const { reload, end } = await changed(somebody(), somebody({ user: "bob" }));
  await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
  end();
});
