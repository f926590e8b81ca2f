import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { CLUSTER, answering, showAlerts } from "@/features/alerts/testing";
import type { ClusterSilence, SilenceList, Whoami } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";

const silence: ClusterSilence = {
  id: "s-1",
  cluster_id: CLUSTER,
  cluster_name: "edge-1",
  state: "ACTIVE",
  matchers: [{ name: "alertname", value: "DiskFull", is_equal: true, is_regex: false }],
  starts_at: "2026-01-31T12:00:00Z",
  ends_at: new Date(Date.now() + 2.5 * 3_600_000).toISOString(),
  created_by: "ada",
  comment: "planned work",
  command_id: null,
};

function silences(items: ClusterSilence[], changed: Partial<SilenceList> = {}): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  const answer = { items, total: items.length, clusters_queried: 2, clusters_succeeded: 2, missing: [], warnings: [], total_query_time_ms: 1, ...changed };
  hub.use(
    http.get("*/api/v1/silences", ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(answer);
    }),
  );
  return asked;
}

beforeEach(() => void answering({}));

test("silences are listed with what they match and when they end", async () => {
  silences([silence]);
  await showAlerts("/alerts?tab=silences");
  const row = (await screen.findByText('alertname="DiskFull"')).closest("[role=row]");
  expect(row).toHaveTextContent(/Active.*edge-1.*planned work.*ada.*in 2 hr/);
});

test("one is ended only when it was said twice", async () => {
  silences([silence]);
  const ended: string[] = [];
  hub.use(
    http.delete("*/api/v1/silences/:id", ({ params }) => {
      ended.push(String(params["id"]));
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = await showAlerts("/alerts?tab=silences");
  await user.click(await screen.findByRole("button", { name: "End now" }));
  expect(ended).toEqual([]);
  await user.click(screen.getByRole("button", { name: "End this silence" }));
  await waitFor(() => expect(ended).toEqual(["s-1"]));
  expect(await screen.findByText("Ended")).toBeInTheDocument();
});

test("clusters that have not answered are named", async () => {
  silences([], {
    clusters_succeeded: 1,
    missing: [{ cluster_id: CLUSTER, cluster_name: "edge-1", code: "QUERY_TIMEOUT", reason: "no answer" }],
  });
  await showAlerts("/alerts?tab=silences");
  expect(await screen.findByText(/1 of 2 clusters answered/)).toBeInTheDocument();
  expect(screen.getByRole("heading", { name: "Nothing is silenced on the clusters that answered" })).toBeInTheDocument();
});

test("those that have ended are asked for on demand", async () => {
  const asked = silences([]);
  const { user, where } = await showAlerts("/alerts?tab=silences");
  await user.click(await screen.findByRole("switch", { name: "Also those that have ended" }));
  await waitFor(() => expect(asked.at(-1)!.getAll("state")).toContain("EXPIRED"));
  expect(where()).toBe("/alerts?tab=silences&ended=true");
});

test("in the past it is said that these are the silences of now", async () => {
  silences([silence]);
  await showAlerts("/alerts?tab=silences&as_of=2026-01-31T12:00:00Z");
  expect(await screen.findByText("These are the silences of now")).toBeInTheDocument();
  expect(await screen.findByRole("button", { name: "End now" })).toHaveAttribute("aria-disabled", "true");
});

test("a link to a silence that is not there says so", async () => {
  silences([silence]);
  await showAlerts("/alerts?tab=silences&silence=gone");
  expect(await screen.findByText(/It is not in this list/)).toBeInTheDocument();
});

test.each<[string, Partial<Whoami>, ends: number]>([
  ["a viewer", { role: "viewer" }, 0],
  ["an operator of another cluster", { role: "operator", clusters: ["00000000-0000-4000-8000-0000000000c2"] }, 0],
  ["an operator of its cluster", { role: "operator", clusters: [CLUSTER] }, 1],
])("ending one is offered only to those who may: %s", async (_, me, ends) => {
  answering({ me });
  silences([silence]);
  await showAlerts("/alerts?tab=silences");
  expect(await screen.findByText('alertname="DiskFull"')).toBeVisible();
  await waitFor(() => expect(screen.queryAllByRole("button", { name: "End now" })).toHaveLength(ends));
});
