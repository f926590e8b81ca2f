import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { Root } from "@/app/root";
import { onSessionEnded } from "@/lib/session";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.mock("@live", async (original) => {
  const { FakeStream } = await import("@/testing/stream");
  return { ...(await original<object>()), LiveStream: FakeStream };
});

const answers = (status: number, code: string, message: string) => {
  const asked = vi.fn();
  hub.use(http.get("*/auth/me", () => (asked(), HttpResponse.json({ error: { code, message } }, { status }))));
  return asked;
};

test("a hub that is not ready yet is asked again, in the hub's words and as it is said", async () => {
  const asked = answers(503, "DATABASE_UNAVAILABLE", "The database does not answer.");
  await show(<Root />);
  expect(await screen.findByText(/The database does not answer. This page tries again/)).toBeVisible();
  await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1), { timeout: 4_000 });
});

test("who is unknown has no session: that is told once, and not tried again", async () => {
  const ended = vi.fn();
  const forget = onSessionEnded(ended);
  const asked = answers(401, "AUTH_FAILED", "no");
  await show(<Root />);
  await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
  expect(asked).toHaveBeenCalledOnce();
  forget();
});

test("who only has to wait is not told that something is wrong", async () => {
  const asked = answers(429, "RATE_LIMITED", "this is asked too often");
  await show(<Root />);
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  expect(await screen.findByText("Connecting to the hub")).toBeVisible();
  expect(screen.queryByText(/cannot say who you are/)).toBeNull();
});

test("while the login page is on its way, the page of before is for nobody", async () => {
  const root = createRootRoute({ component: Root });
  const at = { getParentRoute: () => root };
  let arrive = () => {};
  const late = new Promise<void>((done) => (arrive = done));
  const router = createRouter({
    routeTree: root.addChildren([
      createRoute({ ...at, path: "/alerts", component: () => "every alert" }),
      createRoute({ ...at, path: "/login", loader: () => late, component: () => "who are you?" }),
    ]),
    history: createMemoryHistory({ initialEntries: ["/alerts"] }),
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  expect(await screen.findByText("every alert")).toBeVisible();
  await act(async () => void router.navigate({ to: "/login" }));
  await waitFor(() => expect(screen.queryByText("every alert")).toBeNull());
  await act(async () => arrive());
  expect(await screen.findByText("who are you?")).toBeVisible();
});

test("who is known and has no role that reads is told why, and let in as soon as they have one", async () => {
  asking({ user: "bob", role: null });
  const { user } = await show(<Root />);
  expect(await screen.findByRole("heading", { name: /nothing that you may see/ })).toBeVisible();
  expect(screen.getByText("bob")).toBeVisible();
  expect(screen.queryByRole("navigation")).toBeNull();
  asking({ user: "bob", role: "viewer" });
  await user.click(screen.getByRole("button", { name: "Look again" }));
  expect(await screen.findByRole("navigation", { name: "Pages" })).toBeVisible();
});

test("who has no role can log out", async () => {
  const ended = vi.fn();
  const forget = onSessionEnded(ended);
  asking({ role: "ingest" });
  hub.use(http.post("*/auth/logout", () => HttpResponse.json({ status: "ok" })));
  const { user } = await show(<Root />);
  await user.click(await screen.findByRole("button", { name: "Log out" }));
  await waitFor(() => expect(ended).toHaveBeenCalledWith(true));
  forget();
});
