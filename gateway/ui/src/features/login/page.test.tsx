import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test, vi } from "vitest";

import { codeIn, LoginPage } from "@/features/login/page";
import { live } from "@/lib/live";
import { comeBackTo } from "@/lib/session";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

/** Codes that the hub was shown; it takes the good one. */
function doorkeeper() {
  const shown: string[] = [];
  hub.use(
    http.post("*/auth/login", async ({ request }) => {
      const { code } = (await request.json()) as { code: string };
      shown.push(code);
      if (code === "good") return HttpResponse.json({ user: "ada", role: "admin", clusters: [] });
      return HttpResponse.json({ error: { code: "AUTH_FAILED", message: "not valid" } }, { status: 401 });
    }),
  );
  return shown;
}
afterEach(() => history.replaceState(null, "", "/"));

test("the code of the link logs in and stays in no address", async () => {
  const shown = doorkeeper();
  comeBackTo("/alerts?severity=CRITICAL");
  history.replaceState(null, "", "/login#code=good");
  const { where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await waitFor(() => expect(where()).toBe("/alerts?severity=CRITICAL"));
  expect(shown).toEqual(["good"]);
  expect(location.href).not.toContain("good");
});

test("of whoever was here before nothing stays, and Back does not lead to the login", async () => {
  doorkeeper();
  const stopped = vi.spyOn(live, "stop");
  const { client, user, where, entries } = await show(<LoginPage />, { at: "/login", path: "/login" });
  client.setQueryData(["/auth/me"], { user: "before" });
  await user.type(screen.getByLabelText(/paste the link/), "good{Enter}");
  await waitFor(() => expect(where()).toBe("/"));
  expect(client.getQueryData(["/auth/me"])).toBeUndefined();
  expect(stopped).toHaveBeenCalled();
  expect(entries()).toBe(1);
});

test("a code is typed, or the whole link pasted", async () => {
  const shown = doorkeeper();
  const { user, where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  expect(screen.getByRole("button", { name: "Log in" })).toBeDisabled();
  await user.click(screen.getByLabelText(/paste the link/));
  await user.paste("http://hub.test/login#code=good");
  await user.click(screen.getByRole("button", { name: "Log in" }));
  await waitFor(() => expect(where()).toBe("/"));
  expect(shown).toEqual(["good"]);
});

test("a code that is used up says how to get another one", async () => {
  doorkeeper();
  const { user, where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await user.type(screen.getByLabelText(/paste the link/), "old{Enter}");
  expect(await screen.findByText("This code does not count (any more)")).toBeVisible();
  expect(where()).toBe("/login");
});

test("a hub that is away is another matter", async () => {
  hub.use(http.post("*/auth/login", () => HttpResponse.error()));
  const { user } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await user.type(screen.getByLabelText(/paste the link/), "good{Enter}");
  expect(await screen.findByText(/The hub does not answer/)).toBeVisible();
});

test("nobody is sent to another site after logging in", async () => {
  doorkeeper();
  comeBackTo("//evil.test/");
  history.replaceState(null, "", "/login#code=good");
  const { where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await waitFor(() => expect(where()).toBe("/"));
});

test("a code is read out of a link", () => {
  expect(codeIn("https://hub.test/login#code=a-b_c")).toBe("a-b_c");
  expect(codeIn("a-b_c")).toBe("a-b_c");
});
