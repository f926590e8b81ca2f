/** For tests of what is around something: a hub in which nothing is next to anything, unless a test says so. */

import { http, HttpResponse } from "msw";
import { useState } from "react";

import { parseEntity, readNear } from "@/components/neighbourhood/entity";
import NeighbourhoodPanel from "@/components/neighbourhood/panel";
import { getGetClusterResponseMock, getListAnomaliesResponseMock } from "@/generated/api.msw";
import { useSearch, useSetSearch } from "@/lib/place";
import type { Raw } from "@/lib/search";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

export const CLUSTER = "00000000-0000-4000-8000-0000000000c1";
export const ALERT = "00000000-0000-4000-8000-0000000000a1";
export const INCIDENT = "00000000-0000-4000-8000-0000000000e1";
export const POD = `pod/shop/cart-5d8f7c9b6d-x2x4z@${CLUSTER}`;
export const NODE = `node/worker-1@${CLUSTER}`;

const NONE = { items: [], total: 0, page: 1, page_size: 100, total_pages: 0, next_cursor: null };
export const listed = (...items: object[]) => ({ ...NONE, items, total: items.length });

type Answers = Readonly<Record<string, object | (() => Response)>>;

const DEFAULTS: Answers = {
  "alerts": NONE,
  "incidents": NONE,
  "anomalies": NONE,
  "events": NONE,
  "gpu/nodes": NONE,
  "cnf/workloads": NONE,
  "cnf/ptp/status": NONE,
  "cnf/sriov/status": NONE,
  "cnf/dpdk/stats": NONE,
  "traces/service-map": { nodes: [], edges: [], clusters_succeeded: 1, missing: [] },
};

/** The hub answers these reads so, by their path below `/api/v1/`; all others with nothing. */
export function around(answers: Answers = {}): void {
  const capabilities = { ...getGetClusterResponseMock().capabilities, has_loki: true, has_tempo: true, has_prometheus: true };
  hub.use(
    ...Object.entries({ ...DEFAULTS, ...answers }).map(([path, answer]) =>
      http.get(`*/api/v1/${path}`, () => (typeof answer === "function" ? answer() : HttpResponse.json(answer))),
    ),
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ id: CLUSTER, name: "edge-1" }] })),
    http.get(`*/api/v1/clusters/${CLUSTER}`, () => HttpResponse.json({ ...getGetClusterResponseMock(), id: CLUSTER, name: "edge-1", capabilities })),
  );
}

/** What its Prometheus answers to questions that have this in them; what was asked comes back as it grows. */
export function measuring(answers: Readonly<Record<string, readonly object[]>>): { query: string; end_time?: string }[] {
  const asked: { query: string; end_time?: string }[] = [];
  hub.use(
    http.post("*/api/v1/metrics/query", async ({ request }) => {
      const body = (await request.json()) as { query: string; end_time?: string };
      asked.push(body);
      const found = Object.entries(answers).find(([part]) => body.query.includes(part))?.[1] ?? [];
      return HttpResponse.json({ results: [{ cluster_id: CLUSTER, status: "SUCCESS", data: found, error: null }], missing: [] });
    }),
  );
  return asked;
}

export const sample = (metric: Readonly<Record<string, string>>, value = "1") => ({ metric, values: [[1, value]] });
export const podInfo = (pod: string, more: Readonly<Record<string, string>> = {}) =>
  sample({ __name__: "kube_pod_info", namespace: "shop", pod, node: "worker-1", ...more });

export const refusing = (message: string) => () =>
  HttpResponse.json({ error: { code: "UPSTREAM_FAILED", message, details: {}, trace_id: "" } }, { status: 502 });

export const anomaly = (changed: object) => ({ ...getListAnomaliesResponseMock().items[0], cluster_id: CLUSTER, state: "OPEN", ...changed });

/** The panel as the shell shows it: by what `near` says. */
function Near() {
  const { near } = useSearch();
  const setSearch = useSetSearch();
  const [closed, setClosed] = useState(0);
  const entity = near === undefined ? undefined : parseEntity(near);
  const close = () => {
    setClosed(closed + 1);
    setSearch({ near: undefined });
  };
  return entity === undefined ? <p>closed {closed}</p> : <NeighbourhoodPanel entity={entity} onClose={close} />;
}

export const showNear = (near: string, more = "") =>
  show(<Near />, { at: `/alerts?near=${near}${more}`, path: "/alerts", readSearch: (raw: Raw) => ({ ...raw, near: readNear(raw["near"]) }) });
