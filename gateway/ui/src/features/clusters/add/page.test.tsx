import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { AddClusterPage } from "@/features/clusters/add/page";
import { asRole, cluster, ID, refusal } from "@/features/clusters/testing/data";
import type { ImportedCluster, ImportRequest, ImportResult } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const SECRET = "apiVersion: v1\nusers: [{token: sha256~secret}]";

const item = (source: string, changed: Partial<ImportedCluster>): ImportedCluster => ({
  source,
  name: source,
  cluster_id: null,
  api_server_url: `https://api.${source}.example.com:6443`,
  outcome: "WOULD_REGISTER",
  ...changed,
});
const FOUND: ImportResult = {
  dry_run: true,
  registered: 0,
  known: 1,
  refused: 1,
  items: [
    item("berlin", {}),
    item("paris", {}),
    item("hub-1", { outcome: "ALREADY_REGISTERED", cluster_id: ID }),
    item("old", { outcome: "REFUSED", message: "the login is not known; give another" }),
  ],
};

let sent: ImportRequest[] = [];
function withImport() {
  hub.use(
    http.post("*/api/v1/clusters/import", async ({ request }) => {
      const body = (await request.json()) as ImportRequest;
      sent.push(body);
      if (body.dry_run) return HttpResponse.json(FOUND);
      const items = body.contexts!.map((each) =>
        item(each, { name: body.names![each]!, outcome: "REGISTERED", cluster_id: ID }),
      );
      return HttpResponse.json({ ...FOUND, dry_run: false, registered: items.length, refused: 0, items });
    }),
  );
}
const page = (at = "/clusters/add") => show(<AddClusterPage />, { at, path: "/clusters/add" });

beforeEach(() => {
  sent = [];
  asRole("admin");
});

async function lookedAt() {
  withImport();
  const shown = await page();
  await shown.user.click(await screen.findByLabelText(/paste the text/));
  await shown.user.paste(SECRET);
  await shown.user.click(screen.getByRole("button", { name: "Look what is in it" }));
  await screen.findByText("4 contexts found");
  return shown;
}

test("a kubeconfig is tried first: what each context is, and what is wrong with it", async () => {
  await lookedAt();
  expect(sent).toEqual([{ kubeconfig: SECRET, dry_run: true }]);
  expect(screen.getAllByText("Lets the hub in")).toHaveLength(2);
  expect(screen.getByRole("link", { name: "hub-1" })).toHaveAttribute("href", `/clusters/${ID}`);
  expect(screen.getByText("The login is not known; give another.")).toBeVisible();
});

test("the chosen contexts are registered under the names that they get", async () => {
  const { user } = await lookedAt();
  await user.click(screen.getByRole("checkbox", { name: "paris" }));
  const name = screen.getByRole("textbox", { name: "Name for berlin" });
  await user.clear(name);
  await user.type(name, "edge-berlin");
  await user.selectOptions(screen.getByRole("combobox", { name: "Environment" }), "PRODUCTION");
  await user.click(screen.getByRole("button", { name: "Register 1 cluster" }));
  expect(await screen.findByText("1 cluster registered")).toBeVisible();
  expect(sent[1]).toMatchObject({
    kubeconfig: SECRET,
    contexts: ["berlin"],
    names: { berlin: "edge-berlin" },
    environment: "PRODUCTION",
  });
  expect(screen.getByRole("link", { name: "Open edge-berlin" })).toHaveAttribute("href", `/clusters/${ID}`);
});

test("a name that the hub would refuse is not sent", async () => {
  const { user } = await lookedAt();
  await user.clear(screen.getByRole("textbox", { name: "Name for berlin" }));
  await user.click(screen.getByRole("button", { name: "Register 2 clusters" }));
  expect(await screen.findByText("A name is needed.")).toBeVisible();
  expect(sent).toHaveLength(1);
});

test("a kubeconfig is in no cache, no URL and no storage, and after its use nowhere", async () => {
  const { user, client, where } = await lookedAt();
  const held = () =>
    JSON.stringify([
      client.getQueryCache().getAll().map(({ queryKey, state }) => [queryKey, state]),
      client.getMutationCache().getAll().map(({ state, options }) => [state, options.mutationKey]),
      { ...localStorage },
      { ...sessionStorage },
      where(),
    ]);
  expect(held()).not.toContain("secret");
  await user.click(screen.getByRole("button", { name: "Register 2 clusters" }));
  await screen.findByText("2 clusters registered");
  expect(held()).not.toContain("secret");
  expect(document.body.innerHTML).not.toContain("secret");
  await user.click(screen.getByRole("button", { name: "Add more" }));
  expect(await screen.findByRole("textbox", { name: /paste the text/ })).toHaveValue("");
});

test("what was put right is looked at again, without giving the kubeconfig anew", async () => {
  const { user } = await lookedAt();
  await user.click(screen.getByRole("button", { name: "Look again" }));
  expect(await screen.findByText("4 contexts found")).toBeVisible();
  expect(sent).toEqual([
    { kubeconfig: SECRET, dry_run: true },
    { kubeconfig: SECRET, dry_run: true },
  ]);
});

test("a file is read as soon as it is chosen", async () => {
  withImport();
  const { user } = await page();
  await user.upload(await screen.findByLabelText("Kubeconfig file"), new File([SECRET], "config"));
  expect(await screen.findByText("4 contexts found")).toBeVisible();
  expect(sent[0]!.kubeconfig).toBe(SECRET);
});

test("what is no kubeconfig can be put right where it was typed", async () => {
  hub.use(
    http.post("*/api/v1/clusters/import", () =>
      refusal(400, "CREDENTIALS_INVALID", "this is no kubeconfig that can be used"),
    ),
  );
  const { user } = await page();
  await user.type(await screen.findByRole("textbox", { name: /paste the text/ }), "hello");
  await user.click(screen.getByRole("button", { name: "Look what is in it" }));
  expect(await screen.findByText(/this is no kubeconfig/i)).toBeVisible();
  expect(screen.getByRole("textbox", { name: /paste the text/ })).toHaveValue("hello");
});

const form = () => page("/clusters/add?way=form");
/** By pasting, as people do with URLs and tokens. */
async function fill(user: Awaited<ReturnType<typeof form>>["user"], label: string, text: string) {
  await user.click(await screen.findByLabelText(new RegExp(`^${label}\\W*$`), { selector: "input, textarea" }));
  await user.paste(text);
}

test("by hand: what is wrong is told at its field before anything is sent", async () => {
  const { user } = await form();
  await fill(user, "Name", "No Name");
  await fill(user, "Labels", "a b");
  await user.click(screen.getByRole("button", { name: "Register the cluster" }));
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveAccessibleDescription(/3 to 63 of a-z/);
  expect(screen.getByRole("textbox", { name: "API server URL" })).toBeInvalid();
  expect(screen.getByRole("textbox", { name: "Labels" })).toHaveAccessibleDescription(/“a b” is no Kubernetes label/);
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveFocus();
});

test("by hand: what the hub refuses is told at the field that it names", async () => {
  hub.use(
    http.post("*/api/v1/clusters", () =>
      refusal(422, "VALIDATION_FAILED", "endpoints.loki_url: must be https", {
        fields: [{ field: "endpoints.loki_url", message: "must be https" }],
      }),
    ),
  );
  const { user } = await form();
  await fill(user, "Name", "edge-1");
  await fill(user, "API server URL", "https://api.example.com:6443");
  await fill(user, "Loki URL", "http://loki.example.com");
  await user.click(screen.getByRole("checkbox", { name: "Give credentials now" }));
  await user.click(screen.getByRole("button", { name: "Register the cluster" }));
  await waitFor(() =>
    expect(screen.getByRole("textbox", { name: "Loki URL" })).toHaveAccessibleDescription(/Must be https\./),
  );
});

test("by hand: without the token that its login needs nothing is sent, and without a login none is needed", async () => {
  let registered = 0;
  hub.use(
    http.post("*/api/v1/clusters", () => {
      registered += 1;
      return HttpResponse.json(cluster(), { status: 201 });
    }),
  );
  const { user, where } = await form();
  await fill(user, "Name", "edge-1");
  await fill(user, "API server URL", "https://api.example.com:6443");
  await user.click(screen.getByRole("button", { name: "Register the cluster" }));
  const token = screen.getByLabelText(/^Token/, { selector: "textarea" });
  expect(token).toHaveAccessibleDescription(/A token is needed/);
  expect(token).toHaveFocus();
  expect(registered).toBe(0);
  await user.click(screen.getByRole("checkbox", { name: "Give credentials now" }));
  await user.click(screen.getByRole("button", { name: "Register the cluster" }));
  await waitFor(() => expect(where()).toBe(`/clusters/${ID}`));
});

test("by hand: who only wants to register is asked for no credentials", async () => {
  await page("/clusters/add?way=form&login=later");
  expect(await screen.findByRole("checkbox", { name: "Give credentials now" })).not.toBeChecked();
});

test("by hand: registered with a token, which the backends get too", async () => {
  const bodies: unknown[] = [];
  hub.use(
    http.post("*/api/v1/clusters", async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json(cluster(), { status: 201 });
    }),
    http.post(`*/api/v1/clusters/${ID}/credentials`, async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json({}, { status: 201 });
    }),
  );
  const { user, where } = await form();
  await fill(user, "Name", "edge-1");
  await fill(user, "API server URL", "https://api.example.com:6443");
  await fill(user, "Prometheus URL", "https://prometheus.example.com");
  await fill(user, "Token", "sha256~secret");
  await user.click(screen.getByRole("button", { name: "Register the cluster" }));
  await waitFor(() => expect(where()).toBe(`/clusters/${ID}`));
  expect(bodies).toEqual([
    expect.objectContaining({ name: "edge-1", api_server_url: "https://api.example.com:6443" }),
    {
      auth_type: "SERVICE_ACCOUNT",
      token: "sha256~secret",
      backends: { prometheus: { token: "sha256~secret" } },
    },
  ]);
});

test("by hand: a token that is not taken is tried again without registering twice", async () => {
  let registered = 0;
  hub.use(
    http.post("*/api/v1/clusters", () => {
      registered += 1;
      return HttpResponse.json(cluster(), { status: 201 });
    }),
    http.post(`*/api/v1/clusters/${ID}/credentials`, () =>
      refusal(400, "CREDENTIALS_INVALID", "no", {
        validation: [{ name: "API_SERVER", valid: false, error: "it is not trusted", advice: "give the CA bundle" }],
      }),
    ),
  );
  const { user } = await form();
  await fill(user, "Name", "edge-1");
  await fill(user, "API server URL", "https://api.example.com:6443");
  await fill(user, "Token", "x");
  await user.click(screen.getByRole("button", { name: "Register the cluster" }));
  expect(await screen.findByText("edge-1 is registered, but its credentials were not taken")).toBeVisible();
  expect(screen.getByText("Give the CA bundle.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Try the credentials again" }));
  await screen.findByRole("button", { name: "Try the credentials again" });
  expect(registered).toBe(1);
});

test("Open Cluster Management: the clusters of a hub are found and registered", async () => {
  withImport();
  hub.use(
    http.get("*/api/v1/fleet/health", () =>
      HttpResponse.json({ items: [{ id: ID, name: "hub-1", state: "ONLINE" }] }),
    ),
  );
  const { user } = await page("/clusters/add?way=managed");
  await screen.findByRole("option", { name: "hub-1" });
  await user.selectOptions(screen.getByRole("combobox", { name: "Its hub" }), "hub-1");
  await user.click(screen.getByRole("button", { name: "Look for its clusters" }));
  await user.click(await screen.findByRole("button", { name: "Register 2 clusters" }));
  const list = within(await screen.findByRole("list", { name: "What became of each" }));
  expect(list.getAllByRole("link", { name: "give it credentials" })).toHaveLength(2);
  expect(sent.map(({ source, hub_cluster_id }) => [source, hub_cluster_id])).toEqual([
    ["MANAGED_CLUSTERS", ID],
    ["MANAGED_CLUSTERS", ID],
  ]);
});

test.each([
  ["viewer", []],
  ["operator", []],
  ["admin", [ID]],
] as const)("who may not add clusters is told so instead of a form (%s)", async (role, clusters) => {
  asRole(role, [...clusters]);
  await page();
  expect(await screen.findByText("You may not add clusters")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Look what is in it" })).toBeNull();
});
