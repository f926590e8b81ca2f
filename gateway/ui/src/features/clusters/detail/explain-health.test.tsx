import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { differencesIn, explanation, PATIENT } from "@/components/explain/testing";
import { ClusterPage } from "@/features/clusters/detail/page";
import { readClusterSearch } from "@/features/clusters/search";
import { cluster, ID, withCluster } from "@/features/clusters/testing/data";
import { getGetClusterStatusResponseMock, getListEventsResponseMock } from "@/generated/api.msw";
import type { HealthStep } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

vi.setConfig({ testTimeout: 20_000 });

const START = Date.parse("2026-03-04T11:00:00Z");
const WINDOW = "from=2026-03-04T11:00:00.000Z&to=2026-03-04T12:00:00.000Z";
const MINUTE = 60_000;

/** Checked each minute: well before the window, and not in it. */
const HISTORY = Array.from({ length: 120 }, (_, at): HealthStep => {
  const time = START + (at - 60) * MINUTE;
  return { at: new Date(time).toISOString(), health_score: time < START ? 100 : 60, answered: true };
});

test("a cluster's health is explained by its score, what became of its state, and the cause by a click", async () => {
  withCluster(cluster());
  const asked: URLSearchParams[] = [];
  hub.use(
    http.get("*/api/v1/clusters/:id/status", ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(getGetClusterStatusResponseMock({ history: HISTORY }));
    }),
    http.get("*/api/v1/events", () => {
      const [item] = getListEventsResponseMock().items;
      const payload = { cluster_id: ID, old_state: "ONLINE", new_state: "DEGRADED", reason: "Prometheus does not answer" };
      return HttpResponse.json({ items: [{ ...item, event_type: "CLUSTER_STATUS_CHANGED", sequence: 7, payload }], next_cursor: null });
    }),
  );
  const { user, where } = await show(<ClusterPage />, {
    at: `/clusters/${ID}?${WINDOW}`,
    path: "/clusters/$clusterId",
    readSearch: (raw) => ({ ...raw, ...readClusterSearch(raw) }),
  });
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain("explain=true");
  const shown = await explanation();
  expect(await differencesIn(shown)).toEqual(["Health score fell from 100 to 60 (40 % less), and had hardly moved before"]);
  const [told] = within(await shown.findByRole("list", { name: "Events, the latest first" }, PATIENT)).getAllByRole("listitem");
  expect(told).toHaveTextContent("online → degraded: Prometheus does not answer event 7");
  expect(await shown.findByRole("button", { name: "Look at edge-1" }, PATIENT)).toBeEnabled();
  // Two hours until the window ends: it and as long before.
  expect(asked.map((each) => [each.get("window"), each.get("as_of")])).toContainEqual(["2h", "2026-03-04T12:00:00.000Z"]);
  await user.click(shown.getByRole("button", { name: "Close" }));
  expect(where()).not.toContain("explain");
});
