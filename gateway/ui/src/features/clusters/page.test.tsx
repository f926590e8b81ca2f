import { act, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { ClustersPage } from "@/features/clusters/page";
import { readClustersSearch } from "@/features/clusters/search";
import { asRole, cluster, ID, listOf, refusal, stream, withCluster } from "@/features/clusters/testing/data";
import type { ClusterView } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

let asked: URL[] = [];
function withClusters(items: ClusterView[], total = items.length) {
  hub.use(
    http.get("*/api/v1/clusters", ({ request }) => {
      asked.push(new URL(request.url));
      return HttpResponse.json(listOf(items, total));
    }),
  );
  withAlerts({ cluster_id: [{ value: ID, count: 4, name: "edge-1" }], at_least: false });
}
const withAlerts = (facets: object | null) =>
  hub.use(
    http.get("*/api/v1/alerts/facets", () =>
      facets ? HttpResponse.json(facets) : refusal(503, "OVERLOADED", "too much at once"),
    ),
  );
const page = (at = "/clusters") =>
  show(<ClustersPage />, { at, path: "/clusters", readSearch: readClustersSearch });
const rowOf = async (name: string) => (await screen.findByText(name)).closest<HTMLElement>('[role="row"]')!;

beforeEach(() => {
  asked = [];
  withClusters([cluster(), cluster({ id: "b", name: "edge-2" })]);
});

test("each cluster is listed with its state, score and alerts", async () => {
  await page();
  const row = within(await rowOf("edge-1"));
  expect(row.getByText("Online")).toBeVisible();
  expect(row.getByText("100")).toBeVisible();
  expect(await row.findByRole("link", { name: "Alerts of edge-1: 4" })).toHaveAttribute(
    "href",
    `/alerts?cluster_id=${ID}`,
  );
  expect(within(await rowOf("edge-2")).getByText("0")).toBeVisible();
});

test("alerts that are not known or not all counted are not taken for none", async () => {
  withAlerts(null);
  const { client } = await page();
  expect(within(await rowOf("edge-2")).queryByText("0")).toBeNull();
  withAlerts({ cluster_id: [{ value: ID, count: 4, name: "edge-1" }], at_least: true });
  await act(() => client.invalidateQueries());
  expect(await screen.findByRole("link", { name: "Alerts of edge-1: 4+" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Alerts of edge-2: see" })).toBeVisible();
});

test("what is typed is asked for, and is in the URL", async () => {
  const { user, where } = await page();
  await user.type(await screen.findByRole("textbox", { name: "Find by name" }), "berlin");
  await waitFor(() => expect(where()).toBe("/clusters?name=berlin"));
  await waitFor(() => expect(asked.at(-1)!.searchParams.get("name")).toBe("berlin"));
});

test("filters are chips, and each can be taken off", async () => {
  const { user, where } = await page("/clusters?state=OFFLINE&label=team=core");
  await rowOf("edge-1");
  expect(asked[0]!.searchParams.getAll("state")).toEqual(["OFFLINE"]);
  expect(asked[0]!.searchParams.getAll("label")).toEqual(["team=core"]);
  await user.click(screen.getByRole("button", { name: "Without Offline" }));
  await waitFor(() => expect(where()).not.toContain("state"));
  expect(where()).toContain("label=team%3Dcore");
});

test("a label is taken by Enter", async () => {
  const { user, where } = await page();
  await user.click(await screen.findByRole("button", { name: "More filters" }));
  await user.type(screen.getByRole("textbox", { name: /^Label/ }), "tier=gold{Enter}");
  await waitFor(() => expect(where()).toContain("label=tier%3Dgold"));
});

test("a header sorts by its column", async () => {
  const { user, where } = await page();
  await user.click(await screen.findByRole("button", { name: "Health" }));
  await waitFor(() => expect(where()).toContain("sort=health_score"));
  await waitFor(() => expect(asked.at(-1)!.searchParams.get("sort")).toBe("health_score"));
});

test("a row opens the essentials beside the list, and the way to the cluster", async () => {
  withCluster(cluster({ status: { state: "DEGRADED", checked_at: null, last_error: "Loki is away" } }));
  const { user, where } = await page();
  await user.click(within(await rowOf("edge-1")).getByText("Edge"));
  const drawer = within(await screen.findByRole("complementary", { name: "Cluster" }));
  expect(await drawer.findByText("Loki is away")).toBeVisible();
  expect(drawer.getByRole("link", { name: "Open the cluster" })).toHaveAttribute("href", `/clusters/${ID}`);
  expect(where()).toContain(`open=${ID}`);
});

test("a change of state is shown when it comes", async () => {
  const says = stream();
  await page();
  const row = within(await rowOf("edge-1"));
  says({
    event_type: "CLUSTER_STATUS_CHANGED",
    timestamp: "2026-03-04T12:01:00Z",
    payload: { status: { state: "OFFLINE", health_score: 0 }, recent: [false] },
  });
  expect(await row.findByText("Offline")).toBeVisible();
});

test("a cluster that is registered meanwhile waits while the list is held", async () => {
  const says = stream();
  const { user } = await page();
  await rowOf("edge-1");
  await user.click(screen.getByRole("button", { name: "Live" }));
  withClusters([cluster({ id: "new", name: "a-new-one" }), cluster(), cluster({ id: "b", name: "edge-2" })]);
  says({ event_type: "CLUSTER_REGISTERED" });
  const toggle = await screen.findByRole("button", { name: "Paused · 1 new" });
  expect(screen.queryByText("a-new-one")).not.toBeInTheDocument();
  await user.click(toggle);
  expect(await screen.findByText("a-new-one")).toBeVisible();
});

test("another question is answered also while the list is held", async () => {
  const { user } = await page();
  await rowOf("edge-1");
  await user.click(screen.getByRole("button", { name: "Live" }));
  withClusters([cluster({ id: "c", name: "berlin" })]);
  await user.type(screen.getByRole("textbox", { name: "Find by name" }), "b");
  expect(await screen.findByText("berlin")).toBeVisible();
  expect(screen.queryByText("edge-1")).not.toBeInTheDocument();
});

test("nothing that matches leads back to all", async () => {
  withClusters([]);
  const { user, where } = await page("/clusters?name=x");
  expect(await screen.findByText("No cluster matches")).toBeVisible();
  await user.click(screen.getAllByRole("button", { name: "Clear all filters" })[0]!);
  await waitFor(() => expect(where()).toBe("/clusters"));
});

test("an empty fleet leads to the first cluster", async () => {
  withClusters([]);
  await page();
  expect(await screen.findByText("No clusters yet")).toBeVisible();
  expect(screen.getAllByRole("link", { name: "Add a cluster" })[0]).toHaveAttribute("href", "/clusters/add");
});

test("in the past the instant is asked for, and nothing is live", async () => {
  await page("/clusters?as_of=2026-03-04T12:00:00Z");
  await rowOf("edge-1");
  expect(asked[0]!.searchParams.get("as_of")).toBe("2026-03-04T12:00:00Z");
  expect(screen.queryByRole("button", { name: "Live" })).not.toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Add a cluster" })).toBeNull();
});

test("a failure says what, and tries again", async () => {
  hub.use(http.get("*/api/v1/clusters", () => refusal(500, "INTERNAL_ERROR", "the database is away")));
  const { user } = await page();
  expect(await screen.findByText(/the database is away/i)).toBeVisible();
  withClusters([cluster()]);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await rowOf("edge-1")).toBeVisible();
});

test("adding a cluster is offered to those who may", async () => {
  await page();
  expect(await screen.findByRole("link", { name: "Add a cluster" })).toBeVisible();
});

test.each([
  ["operator", []],
  ["admin", [ID]],
] as const)("nobody else is led to adding one, not even from an empty list (%s)", async (role, clusters) => {
  asRole(role, [...clusters]);
  withClusters([]);
  await page();
  expect(await screen.findByText(/An administrator can change that/)).toBeVisible();
  expect(screen.queryByRole("link", { name: "Add a cluster" })).toBeNull();
});
