import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test, vi } from "vitest";

import { codeIn } from "@/features/login/code-way";
import { LoginPage } from "@/features/login/page";
import type { LoginWaysMode } from "@/generated/api.schemas";
import { live } from "@/lib/live";
import { comeBackTo, isHere, wantedNext } from "@/lib/session";
import { hub, ways } from "@/testing/hub";
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
const by = (mode: LoginWaysMode) => hub.use(ways(mode));
afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

/** The page, with what would leave it noted. */
async function beforeLeaving() {
  const assign = vi.fn();
  vi.stubGlobal("location", { href: "http://hub.test/login", origin: "http://hub.test", pathname: "/login", hash: "", assign });
  return { assign, ...(await show(<LoginPage />, { at: "/login", path: "/login" })) };
}

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
  await user.type(await screen.findByLabelText(/paste the link/), "good{Enter}");
  await waitFor(() => expect(where()).toBe("/"));
  expect(client.getQueryData(["/auth/me"])).toBeUndefined();
  expect(stopped).toHaveBeenCalled();
  expect(entries()).toBe(1);
});

test("a code is typed, or the whole link pasted", async () => {
  const shown = doorkeeper();
  const { user, where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  expect(await screen.findByRole("button", { name: "Log in" })).toBeDisabled();
  await user.click(screen.getByLabelText(/paste the link/));
  await user.paste("http://hub.test/login#code=good");
  await user.click(screen.getByRole("button", { name: "Log in" }));
  await waitFor(() => expect(where()).toBe("/"));
  expect(shown).toEqual(["good"]);
});

test("a code that is used up says how to get another one", async () => {
  doorkeeper();
  const { user, where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await user.type(await screen.findByLabelText(/paste the link/), "old{Enter}");
  expect(await screen.findByText("This code does not count (any more)")).toBeVisible();
  expect(where()).toBe("/login");
});

test("a hub that is away is another matter", async () => {
  hub.use(http.post("*/auth/login", () => HttpResponse.error()));
  const { user } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await user.type(await screen.findByLabelText(/paste the link/), "good{Enter}");
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

test.each<[LoginWaysMode, string]>([
  ["oidc", "Log in with your organisation"],
  ["openshift", "Log in with OpenShift"],
])("by %s one goes to the provider, and comes back to where one wanted to be", async (mode, said) => {
  by(mode);
  comeBackTo("/alerts?severity=CRITICAL&q=a b");
  const { user, assign } = await beforeLeaving();
  await user.click(await screen.findByRole("button", { name: said }));
  expect(assign).toHaveBeenCalledExactlyOnceWith("/auth/start?back=%2Falerts%3Fseverity%3DCRITICAL%26q%3Da%20b");
  // Who comes back without a login may try again.
  expect(wantedNext()).toBe("/alerts?severity=CRITICAL&q=a b");
});

test("beside a provider a code is folded away, and good all the same", async () => {
  const shown = doorkeeper();
  by("oidc");
  const { user, where } = await show(<LoginPage />, { at: "/login", path: "/login" });
  const unfold = await screen.findByRole("button", { name: "Log in by a code" });
  expect(screen.getByLabelText(/paste the link/)).not.toBeVisible();
  await user.click(unfold);
  expect(screen.getByLabelText(/paste the link/)).toBeVisible();
  await user.type(screen.getByLabelText(/paste the link/), "good{Enter}");
  await waitFor(() => expect(where()).toBe("/"));
  expect(shown).toEqual(["good"]);
});

test("without a provider nothing leads to one", async () => {
  await show(<LoginPage />, { at: "/login", path: "/login" });
  expect(await screen.findByLabelText(/paste the link/)).toBeVisible();
  expect(screen.queryByRole("button", { name: /Log in (with|by)/ })).toBeNull();
});

test("where everybody may enter, one is led on", async () => {
  by("none");
  comeBackTo("/gpu");
  const { where, entries } = await show(<LoginPage />, { at: "/login", path: "/login" });
  await waitFor(() => expect(where()).toBe("/gpu"));
  expect(entries()).toBe(1);
});

test("a hub that does not say how one logs in still takes a code", async () => {
  hub.use(http.get("*/auth/ways", () => HttpResponse.error()));
  await show(<LoginPage />, { at: "/login", path: "/login" });
  expect(await screen.findByLabelText(/paste the link/)).toBeVisible();
});

test("why the provider's login has failed is told once, as text, and stays in no address", async () => {
  by("oidc");
  const said = "you are in no group <img src=x> that may enter";
  const shown = "You are in no group <img src=x> that may enter.";
  history.replaceState(null, "", `/login#failed=${encodeURIComponent(said)}`);
  const { user, container } = await show(<LoginPage />, { at: "/login", path: "/login" });
  expect(await screen.findByText("Logging in has failed")).toBeVisible();
  expect(screen.getByText(shown)).toBeVisible();
  expect(container.querySelector("img")).toBeNull();
  expect(location.href).toBe("http://hub.test/login");
  doorkeeper();
  await user.click(await screen.findByRole("button", { name: "Log in by a code" }));
  await user.type(screen.getByLabelText(/paste the link/), "old{Enter}");
  // The newer failure counts.
  expect(await screen.findByText("This code does not count (any more)")).toBeVisible();
  expect(screen.queryByText(shown)).toBeNull();
});

test("other tabs hear of a login at the provider when one is back from it, once", async () => {
  by("oidc");
  comeBackTo("/gpu");
  const { user } = await beforeLeaving();
  await user.click(await screen.findByRole("button", { name: /organisation/ }));
  const told = vi.spyOn(Storage.prototype, "setItem");
  isHere();
  isHere();
  expect(told.mock.calls).toEqual([["aiops.session", "began"]]);
  expect(wantedNext()).toBe("/");
});
