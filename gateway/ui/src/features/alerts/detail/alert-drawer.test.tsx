import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { CLUSTER, alert, answering, page, showAlerts } from "@/features/alerts/testing";
import { getGetAlertQueryKey } from "@/generated/api";
import type { AlertView, Whoami } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";

const one = alert("1", {
  labels: { alertname: "Alert1", namespace: "shop", pod: "api-1" },
  annotations: { summary: "It is full.", description: "Look at the disk.", runbook_url: "https://runbooks.example/full" },
});

function showing(shown: AlertView, me = {}) {
  answering({ list: () => page([shown]), me });
  hub.use(http.get(`*/api/v1/alerts/${shown.id}`, () => HttpResponse.json(shown)));
}
const drawer = async () => within(await screen.findByRole("complementary", { name: "Alert" }));

beforeEach(() => showing(one));

test("a row opens the drawer, Escape closes it, and the URL tells", async () => {
  const { user, where } = await showAlerts();
  await user.click(await screen.findByText("Alert1"));
  expect(await (await drawer()).findByText("Look at the disk.")).toBeInTheDocument();
  expect(where()).toBe("/alerts?alert=1");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(where()).toBe("/alerts"));
});

test("metrics, logs and events around it are one click away", async () => {
  await showAlerts("/alerts?alert=1");
  const link = async (name: string) =>
    new URL((await (await drawer()).findAllByRole("link", { name }))[0]!.getAttribute("href")!, "http://hub.test");
  const logs = await link("Logs");
  expect(logs.pathname).toBe("/observability/logs");
  expect(logs.searchParams.get("query")).toBe('{namespace="shop",pod="api-1"}');
  expect(logs.searchParams.get("clusters")).toBe(CLUSTER);
  expect(logs.searchParams.get("from")).toBe("2026-01-31T11:30:00.000Z");
  expect((await link("Around this alert")).searchParams.get("near")).toBe("alert/1");
  expect((await link("Metrics")).searchParams.get("query")).toContain("ALERTS{");
  expect((await link("Events")).searchParams.get("cluster_id")).toBe(CLUSTER);
});

test("one that belongs to an incident leads to it", async () => {
  showing({ ...one, incident_id: "i-1" });
  await showAlerts("/alerts?alert=1");
  const link = await (await drawer()).findByRole("link", { name: "See what belongs together with it" });
  expect(link).toHaveAttribute("href", "/incidents/i-1");
});

test("a runbook is a link that tells nobody where it was followed from, a script is none", async () => {
  const { unmount } = await showAlerts("/alerts?alert=1");
  const link = await (await drawer()).findByRole("link", { name: "Runbook" });
  expect(link).toHaveAttribute("rel", "noreferrer");
  unmount();
  showing({ ...one, annotations: { runbook_url: "javascript:alert(1)" } });
  await showAlerts("/alerts?alert=1");
  await (await drawer()).findAllByRole("link", { name: "Events" });
  expect(screen.queryByRole("link", { name: "Runbook" })).not.toBeInTheDocument();
});

test("a label leads to all alerts that have it", async () => {
  const { user, where } = await showAlerts("/alerts?alert=1&severity=WARNING");
  await user.click(await (await drawer()).findByRole("link", { name: "pod=api-1" }));
  await waitFor(() => expect(where()).toBe("/alerts?label=pod%3Dapi-1"));
});

test("a silence is made with fewer labels after its reach was shown, and undone", async () => {
  const bodies: unknown[] = [];
  const ended: string[] = [];
  const made = { silence_id: "s-1", cluster_id: CLUSTER, labels: {}, ends_at: "2026-01-31T14:00:00Z", comment: "", alert: one, warnings: [] };
  hub.use(
    http.post("*/api/v1/alerts/1/silence", async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json(made, { status: 201 });
    }),
    http.delete("*/api/v1/silences/:id", ({ request }) => {
      ended.push(new URL(request.url).pathname + new URL(request.url).search);
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = await showAlerts("/alerts?alert=1");
  await user.click(await (await drawer()).findByRole("button", { name: "Silence…" }));
  const form = within(screen.getByRole("form", { name: "Silence Alert1" }));
  expect(await form.findByText(/Silences 1 open alert now/)).toBeInTheDocument();
  await user.click(form.getByRole("button", { name: "4h" }));
  await user.click(form.getByRole("checkbox", { name: 'pod="api-1"' }));
  await user.type(form.getByRole("textbox", { name: "Why" }), "planned work");
  await user.click(form.getByRole("button", { name: "Silence" }));
  expect(await screen.findByText(/Silenced until/)).toBeInTheDocument();
  expect(bodies).toEqual([{ duration: "4h", comment: "planned work", labels: ["alertname", "namespace"] }]);
  await user.click(screen.getByRole("button", { name: /Undo/ }));
  await waitFor(() => expect(screen.queryByText(/Silenced until/)).not.toBeInTheDocument());
  expect(ended).toEqual([`/api/v1/silences/s-1?cluster_id=${CLUSTER}`]);
});

test("a duration that the hub would refuse is not sent", async () => {
  const { user } = await showAlerts("/alerts?alert=1");
  await user.click(await (await drawer()).findByRole("button", { name: "Silence…" }));
  const duration = screen.getByRole("textbox", { name: "Duration" });
  await user.clear(duration);
  await user.type(duration, "5w");
  expect(screen.getByText("30 days at most")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Silence" })).toBeDisabled();
});

test.each<[string, Partial<Whoami>]>([
  ["a viewer", { role: "viewer" }],
  ["an operator of other clusters", { role: "operator", clusters: ["00000000-0000-4000-8000-0000000000c2"] }],
])("silencing is not offered to %s", async (_, me) => {
  showing(one, me);
  await showAlerts("/alerts?alert=1");
  expect(await (await drawer()).findByText("Look at the disk.")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Silence…" })).toBeNull();
});

test("the past cannot be silenced, and says so", async () => {
  showing(one);
  const { user } = await showAlerts("/alerts?alert=1&as_of=2026-01-31T12:10:00Z");
  const button = () => screen.getByRole("button", { name: "Silence…" });
  await waitFor(() => expect(button()).toHaveAttribute("aria-disabled", "true"));
  await user.hover(button());
  expect(await screen.findByText(/The past cannot be changed/)).toBeInTheDocument();
});

test("an alert that is not known says so", async () => {
  hub.use(
    http.get("*/api/v1/alerts/2", () =>
      HttpResponse.json({ error: { code: "ALERT_NOT_FOUND", message: "There is no alert 2." } }, { status: 404 }),
    ),
  );
  await showAlerts("/alerts?alert=2");
  expect(await screen.findByText(/This alert is not known/)).toBeInTheDocument();
  const history = screen.getByRole("link", { name: /history of a week/ });
  expect(history).toHaveAttribute("href", "/alerts?tab=history&from=now-1w");
});

test("Escape in what is written keeps it", async () => {
  const { user } = await showAlerts("/alerts?alert=1");
  await user.click(await (await drawer()).findByRole("button", { name: "Silence…" }));
  await user.type(screen.getByRole("textbox", { name: "Why" }), "planned work{Escape}");
  expect(screen.getByRole("textbox", { name: "Why" })).toHaveValue("planned work");
});

test("one that is told of before it can be read is shown as it was told", async () => {
  hub.use(
    http.get("*/api/v1/alerts/1", () =>
      HttpResponse.json({ error: { code: "ALERT_NOT_FOUND", message: "There is no alert 1." } }, { status: 404 }),
    ),
  );
  const { user, client } = await showAlerts();
  await user.click(await screen.findByText("Alert1"));
  await drawer();
  await waitFor(() => expect(client.getQueryState(getGetAlertQueryKey("1", {}))?.status).toBe("error"));
  expect((await drawer()).getByText("Look at the disk.")).toBeInTheDocument();
});
