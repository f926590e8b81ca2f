import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";

import { SessionsSection } from "@/features/settings/sessions-section";
import type { SessionView } from "@/generated/api.schemas";
import { onSessionEnded } from "@/lib/session";
import { asking, hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const session = (at: number, changed: Partial<SessionView> = {}): SessionView => ({
  id: `5e0b7b35-4f54-4f3c-9c1b-${String(at).padStart(12, "0")}`,
  user: "ada",
  method: "oidc",
  groups: [],
  address: `10.0.0.${at}`,
  created_at: ago(60 * at),
  expires_at: ago(-125),
  last_used_at: ago(at),
  current: false,
  ...changed,
});
/** As many as this hub gives at once. */
const PAGE = 5;
const THIS = session(1, { current: true });

let sessions: SessionView[];
let ended: string[];

beforeEach(() => {
  sessions = [THIS];
  ended = [];
  hub.use(
    http.get("*/auth/sessions", ({ request }) => {
      const { searchParams } = new URL(request.url);
      const page = Number(searchParams.get("page"));
      const found = searchParams.get("everybody") === "true" ? sessions : sessions.filter(({ user }) => user === "ada");
      const items = found.slice((page - 1) * PAGE, page * PAGE);
      const total_pages = Math.ceil(found.length / PAGE);
      return HttpResponse.json({ items, total: found.length, page, page_size: PAGE, total_pages });
    }),
    http.delete("*/auth/sessions/:id", ({ params }) => {
      ended.push(String(params["id"]));
      sessions = sessions.filter(({ id }) => id !== params["id"]);
      return new HttpResponse(null, { status: 204 });
    }),
  );
});

const rowOf = async (words: string) => within((await screen.findByText(words, { selector: "strong" })).closest("li")!);

test("each login says from where, how, since when, and which one this is", async () => {
  sessions = [THIS, session(2, { method: "code", address: null, last_used_at: null }), session(5, { method: "openshift" })];
  await show(<SessionsSection />);
  const here = await rowOf("10.0.0.1");
  expect(here.getByText("This one")).toBeVisible();
  expect(here.getByText("Organisation")).toBeVisible();
  expect(here.getByText(/^since/)).toHaveTextContent("since 1 hr. ago");
  expect(here.getByText("in use now")).toBeVisible();
  expect(here.getByText(/^ends/)).toHaveTextContent("ends in 2 hr.");
  const other = await rowOf("an unknown address");
  expect(other.getByText("One-time code")).toBeVisible();
  expect(other.queryByText("This one")).toBeNull();
  expect(other.getByText("not used since")).toBeVisible();
  const third = await rowOf("10.0.0.5");
  expect(third.getByText("OpenShift")).toBeVisible();
  expect(third.getByText(/^last used/)).toHaveTextContent("last used 5 min. ago");
});

test("another one ends only when that was confirmed", async () => {
  sessions = [THIS, session(2)];
  const { user } = await show(<SessionsSection />);
  const end = await screen.findByRole("button", { name: "End the login of ada from 10.0.0.2" });
  await user.click(end);
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(ended).toEqual([]);
  await user.click(end);
  await user.click(await screen.findByRole("button", { name: "End the login" }));
  await waitFor(() => expect(screen.queryByText("10.0.0.2")).toBeNull());
  expect(ended).toEqual([session(2).id]);
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.getByText("10.0.0.1")).toBeVisible();
});

test("this one ends at once, as logging out does", async () => {
  const told = vi.fn();
  const forget = onSessionEnded(told);
  const loggedOut = vi.fn();
  hub.use(http.post("*/auth/logout", () => (loggedOut(), HttpResponse.json({ status: "ok" }))));
  const { user } = await show(<SessionsSection />);
  await user.click(await screen.findByRole("button", { name: "Log out here" }));
  await waitFor(() => expect(told).toHaveBeenCalledWith(true));
  expect(loggedOut).toHaveBeenCalledOnce();
  expect([screen.queryByRole("dialog"), ended]).toEqual([null, []]);
  forget();
});

test("all others end, also those that are not shown and those that end meanwhile; this one stays", async () => {
  sessions = [THIS, ...Array.from({ length: 8 }, (_, at) => session(at + 2)), session(99, { user: "bob" })];
  hub.use(
    http.delete(`*/auth/sessions/${session(3).id}`, () => {
      sessions = sessions.filter(({ id }) => id !== session(3).id);
      return HttpResponse.json({ error: { code: "NOT_FOUND", message: "there is no session" } }, { status: 404 });
    }),
  );
  const { user } = await show(<SessionsSection />);
  await screen.findByText("10.0.0.5");
  expect(screen.queryByText("10.0.0.6")).toBeNull();
  await user.click(screen.getByRole("button", { name: "End all others" }));
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "End all others" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sessions.map(({ address }) => address)).toEqual(["10.0.0.1", "10.0.0.99"]);
  expect(ended).toHaveLength(7);
  await waitFor(() => expect(screen.queryByRole("button", { name: "End all others" })).toBeNull());
});

test("what the hub does not take now is told, and may be tried again", async () => {
  sessions = [THIS, session(2)];
  const refused = { error: { code: "RATE_LIMITED", message: "too often" } };
  hub.use(
    http.delete("*/auth/sessions/:id", () => HttpResponse.json(refused, { status: 429, headers: { "retry-after": "9" } }), {
      once: true,
    }),
  );
  const { user } = await show(<SessionsSection />);
  await user.click(await screen.findByRole("button", { name: /^End the login of ada/ }));
  await user.click(await screen.findByRole("button", { name: "End the login" }));
  expect(await screen.findByText(/The hub takes no more from you for 9 seconds. Then try again./)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "End the login" }));
  await waitFor(() => expect(ended).toEqual([session(2).id]));
});

test("administrators of everything see and end those of everybody", async () => {
  sessions = [THIS, session(2, { user: "bob" })];
  const { user } = await show(<SessionsSection />);
  await screen.findByText("10.0.0.1");
  expect(screen.queryByText("bob")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Everybody's" }));
  const bob = await rowOf("bob");
  expect(bob.getByText("10.0.0.2")).toBeVisible();
  // These would be one's own.
  expect(screen.queryByRole("button", { name: "End all others" })).toBeNull();
  await user.click(bob.getByRole("button", { name: "End the login of bob from 10.0.0.2" }));
  await user.click(await screen.findByRole("button", { name: "End the login" }));
  await waitFor(() => expect(screen.queryByText("bob")).toBeNull());
});

test("nobody else is offered them", async () => {
  asking({ role: "admin", clusters: ["c1"] });
  await show(<SessionsSection />);
  expect(await screen.findByText("10.0.0.1")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Everybody's" })).toBeNull();
});

test("a login that begins elsewhere is shown", async () => {
  const tell = hearing();
  await show(<SessionsSection />);
  await screen.findByText("10.0.0.1");
  sessions = [session(2), THIS];
  tell({ event_type: "LOGGED_IN" });
  expect(await screen.findByText("10.0.0.2", {}, { timeout: 4_000 })).toBeVisible();
});

test("more than one page is read on demand", async () => {
  sessions = [THIS, ...Array.from({ length: 5 }, (_, at) => session(at + 2))];
  const { user } = await show(<SessionsSection />);
  await user.click(await screen.findByRole("button", { name: "Show older ones" }));
  expect(await screen.findByText("10.0.0.6")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Show older ones" })).toBeNull();
});

test("who shows a token has no login", async () => {
  sessions = [];
  await show(<SessionsSection />);
  expect(await screen.findByText("The hub knows you without a login: there is none to end.")).toBeVisible();
});
