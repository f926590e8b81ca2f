import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";

import { TokensSection } from "@/features/settings/tokens-section";
import { getGetFleetHealthResponseMock } from "@/generated/api.msw";
import type { NewToken, TokenView } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

const CLUSTER = "0f45f335-880f-5d63-a813-4e4af646b9fe";
const SECRET = "aiops_0123456789abcdef";
const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const token = (name: string, changed: Partial<TokenView> = {}): TokenView => ({
  id: `5e0b7b35-4f54-4f3c-9c1b-${String(name.length).padStart(12, "0")}`,
  name,
  role: "viewer",
  clusters: [],
  created_at: ago(3),
  created_by: "ada",
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  ...changed,
});

let tokens: TokenView[];
let sent: NewToken[];
let listed: number;

beforeEach(() => {
  tokens = [];
  sent = [];
  listed = 0;
  const [one] = getGetFleetHealthResponseMock().items;
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ ...one!, id: CLUSTER, name: "edge-1" }] })),
    http.get("*/api/v1/tokens", ({ request }) => {
      listed += 1;
      const page = Number(new URL(request.url).searchParams.get("page"));
      const items = tokens.slice((page - 1) * 50, page * 50);
      return HttpResponse.json({ items, total: tokens.length, page, page_size: 50, total_pages: Math.ceil(tokens.length / 50) });
    }),
    http.post("*/api/v1/tokens", async ({ request }) => {
      const wanted = (await request.json()) as NewToken;
      sent.push(wanted);
      const made = token(wanted.name, { role: wanted.role, clusters: wanted.clusters ?? [] });
      tokens = [made, ...tokens];
      return HttpResponse.json({ ...made, token: SECRET }, { status: 201 });
    }),
  );
});

const rowOf = async (name: string) => within((await screen.findByText(name, { selector: "strong" })).closest("li")!);

test("each token says whose it is, for what, and whether it is still needed", async () => {
  tokens = [
    token("grafana", { last_used_at: ago(0), expires_at: ago(-3) }),
    token("alertmanager", { role: "ingest", clusters: [CLUSTER], created_by: null }),
  ];
  await show(<TokensSection />);
  const grafana = await rowOf("grafana");
  expect(grafana.getByText("Viewer")).toBeVisible();
  expect(grafana.getByText("all clusters")).toBeVisible();
  expect(grafana.getByText(/by ada/)).toBeVisible();
  expect(grafana.getByText(/^last used/)).toBeVisible();
  expect(grafana.getByText(/^expires/)).toHaveClass("token-soon");
  const other = await rowOf("alertmanager");
  expect(await other.findByText("edge-1")).toBeVisible();
  expect(other.getByText(/on the hub's machine/)).toBeVisible();
  expect(other.getByText("never used")).toBeVisible();
  expect(other.getByText("never expires")).toBeVisible();
});

test("those that are good no more are folded away, and cannot be revoked again", async () => {
  tokens = [token("old", { revoked_at: ago(1) }), token("older", { expires_at: ago(1) })];
  const { user } = await show(<TokensSection />);
  expect(await screen.findByText("No token is good for anything now.")).toBeVisible();
  expect(screen.getByText("old", { selector: "strong" })).not.toBeVisible();
  await user.click(screen.getByRole("button", { name: "Revoked or expired (2)" }));
  expect(screen.getByText("old", { selector: "strong" })).toBeVisible();
  expect(screen.getByText(/^expired/)).toBeVisible();
  expect(screen.queryByRole("button", { name: /^Revoke / })).toBeNull();
});

test("more than one page is read on demand", async () => {
  tokens = Array.from({ length: 51 }, (_, at) => token(`t-${at}`, { id: `5e0b7b35-4f54-4f3c-9c1b-${String(at).padStart(12, "0")}` }));
  const { user } = await show(<TokensSection />);
  await screen.findByText("t-49");
  expect(screen.queryByText("t-50")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Show older ones" }));
  expect(await screen.findByText("t-50")).toBeVisible();
});

test("a token is made with role, clusters and end; its secret is shown once and kept nowhere", async () => {
  const { user, client } = await show(<TokensSection />);
  await user.click(await screen.findByRole("button", { name: "Create a token" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Create a token" }));
  expect(dialog.getByRole("button", { name: "Create" })).toBeDisabled();
  expect(dialog.getByText("Post alerts, and read nothing")).toBeVisible();
  await user.type(dialog.getByRole("textbox", { name: "Name" }), " ci ");
  await user.click(dialog.getByRole("radio", { name: "Operator" }));
  await user.selectOptions(dialog.getByRole("combobox", { name: "Expires" }), "In 30 days");
  await user.click(dialog.getByRole("button", { name: "All clusters" }));
  await user.click(await screen.findByText("edge-1"));
  await user.click(dialog.getByRole("button", { name: "Create" }));
  const made = within(await screen.findByRole("dialog", { name: "Token ci" }));
  expect(made.getByText(SECRET)).toBeVisible();
  expect(made.getByText(/Authorization: Bearer \$TOKEN/)).toBeVisible();
  expect(sent).toEqual([{ name: "ci", role: "operator", clusters: [CLUSTER], expires_at: expect.any(String) }]);
  const days = (Date.parse(sent[0]!.expires_at!) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(29.9);
  expect(days).toBeLessThanOrEqual(30);
  const write = vi.spyOn(navigator.clipboard, "writeText");
  await user.click(made.getByRole("button", { name: "Copy: The token" }));
  expect(write).toHaveBeenCalledWith(SECRET);
  // It is closed by its button alone.
  await user.keyboard("{Escape}");
  await user.click(made.getByRole("button", { name: "I have it" }));
  expect(await rowOf("ci")).toBeTruthy();
  const kept = [client.getQueryCache().getAll(), client.getMutationCache().getAll()].flat().map(({ state }) => state);
  expect(JSON.stringify([kept, { ...localStorage }, { ...sessionStorage }])).not.toContain(SECRET);
  expect(document.body.innerHTML).not.toContain(SECRET);
});

test("one without an end says what that means", async () => {
  const { user } = await show(<TokensSection />);
  await user.click(await screen.findByRole("button", { name: "Create a token" }));
  await user.type(screen.getByRole("textbox", { name: "Name" }), "forever");
  await user.selectOptions(screen.getByRole("combobox", { name: "Expires" }), "Never");
  expect(screen.getByText("It is good until somebody revokes it.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Create" }));
  await screen.findByText(SECRET);
  expect(sent[0]!.expires_at).toBeNull();
});

test("why one was not made is told; where nobody knows whether it was, that too", async () => {
  const refuse = (status: number, code: string) =>
    hub.use(
      http.post("*/api/v1/tokens", () =>
        HttpResponse.json({ error: { code, message: "there is no cluster x", details: {}, trace_id: "t" } }, { status }),
      ),
    );
  refuse(404, "CLUSTER_NOT_FOUND");
  const { user } = await show(<TokensSection />);
  await user.click(await screen.findByRole("button", { name: "Create a token" }));
  await user.type(screen.getByRole("textbox", { name: "Name" }), "ci");
  await user.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByText(/there is no cluster x/)).toBeVisible();
  expect(screen.getByText(/Not created/)).toBeVisible();
  refuse(503, "OVERLOADED");
  await user.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByText(/It may have been created/)).toBeVisible();
});

test("one is revoked only when one has read what that means", async () => {
  tokens = [token("grafana")];
  const revoked: string[] = [];
  hub.use(
    http.delete("*/api/v1/tokens/:id", ({ params }) => {
      revoked.push(String(params["id"]));
      tokens = tokens.map((each) => ({ ...each, revoked_at: ago(0) }));
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = await show(<TokensSection />);
  await user.click(await screen.findByRole("button", { name: "Revoke grafana" }));
  const dialog = within(await screen.findByRole("dialog", { name: /Revoke grafana\?/ }));
  expect(dialog.getByText("It has never been used.")).toBeVisible();
  expect(revoked).toEqual([]);
  await user.click(dialog.getByRole("button", { name: "Revoke the token" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(revoked).toEqual([tokens[0]!.id]);
  expect(screen.getByRole("button", { name: "Revoked or expired (1)" })).toBeVisible();
});

test.each([
  ["viewer", []],
  ["operator", []],
  ["admin", [CLUSTER]],
] as const)("others are told who makes them, and nothing is asked for them (%s)", async (role, clusters) => {
  asking({ role, clusters: [...clusters] });
  await show(<TokensSection />);
  expect(await screen.findByText(/Only administrators of all clusters see and make them/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Create a token" })).toBeNull();
  expect(listed).toBe(0);
});
