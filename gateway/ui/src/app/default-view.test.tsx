import { createMemoryHistory, createRootRoute, createRoute, createRouter, retainSearchParams, RouterProvider } from "@tanstack/react-router";
import { render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";

import { followMoves, withDefaultView } from "@/app/default-view";
import { COMMON } from "@/lib/place";
import { parseSearch, stringifySearch, type Raw } from "@/lib/search";
import { useViews } from "@/lib/views";

beforeEach(() =>
  useViews.setState({ views: [{ name: "mine", path: "/alerts", search: "?from=now-6h&severity=CRITICAL&to=now", isDefault: true }] }),
);

async function at(address: string) {
  const root = createRootRoute({ validateSearch: (raw: Raw) => raw, search: { middlewares: [retainSearchParams([...COMMON] as never)] } });
  const page = (path: string) => createRoute({ getParentRoute: () => root, path, beforeLoad: withDefaultView, component: () => path });
  const router = createRouter({
    routeTree: root.addChildren([page("/alerts"), page("/events")]),
    history: createMemoryHistory({ initialEntries: [address] }),
    parseSearch,
    stringifySearch,
  });
  followMoves(router);
  render(<RouterProvider router={router as never} />);
  await screen.findByText(/^\/(alerts|events)$/);
  return {
    back: () => router.history.back(),
    where: () => decodeURIComponent(router.state.location.href),
    go: (to: string, search: object) => router.navigate({ to, search } as never),
  };
}

test("who comes without a filter gets their view, at the instant that is shown", async () => {
  const { where } = await at("/alerts?as_of=2026-03-04T12:00:00Z");
  expect(where()).toContain("severity=CRITICAL");
  expect(where()).toContain("from=now-6h");
  expect(where()).toContain("as_of=2026-03-04T12:00:00Z");
});

test("a range that one has chosen stays, and a link with a filter is as it is", async () => {
  const { where, go } = await at("/alerts?from=now-1d&to=now");
  expect(where()).toContain("from=now-1d");
  expect(where()).toContain("severity=CRITICAL");
  await go("/events", {});
  await go("/alerts", { state: ["FIRING"] });
  expect(where()).toBe("/alerts?state=FIRING&from=now-1d&to=now");
});

test.each([
  ["no filter", "", "/alerts", "/alerts"],
  ["no filter, where a range is chosen", "", "/alerts?from=now-1d&to=now", "/alerts?from=now-1d&to=now"],
  ["only a range", "?from=now-6h&to=now", "/alerts", "/alerts?from=now-6h&to=now"],
])("a default view with %s opens its page, once", async (_, search, address, opened) => {
  useViews.setState({ views: [{ name: "all", path: "/alerts", search, isDefault: true }] });
  const { where } = await at(address);
  await waitFor(() => expect(where()).toBe(opened));
});

test("filters can be cleared, and Back shows what was there", async () => {
  const { back, where, go } = await at("/alerts");
  await go("/alerts", { from: undefined, to: undefined });
  expect(where()).toBe("/alerts");
  await go("/events", {});
  back();
  await waitFor(() => expect(where()).toBe("/alerts"));
});
