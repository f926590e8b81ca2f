import { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";
import { expect, test, vi } from "vitest";

import { followLive } from "@/app/follow-live";
import { live } from "@/lib/live";
import { sessionEnded, wantedBefore } from "@/lib/session";

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

test("a gap in the history makes everything be read anew", () => {
  const { client } = followed("/");
  const invalidated = vi.spyOn(client, "invalidateQueries");
  live.onGap();
  expect(invalidated).toHaveBeenCalledWith();
});
