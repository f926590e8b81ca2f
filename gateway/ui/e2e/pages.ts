/** Every page in one width, light and dark: whole, quiet, reachable for everybody. */

import { setTimeout } from "node:timers/promises";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, signIn, Window, type Session } from "./browser.ts";
import { failures, violations, wider } from "./checks.ts";
import { demoHub, type Hub } from "./hub.ts";

interface Shown {
  path: string;
  signedOut?: boolean;
  /** What the browser says of it on the console. */
  tolerates?: readonly RegExp[];
}

const PAGES: Readonly<Record<string, Shown>> = {
  fleet: { path: "/" },
  clusters: { path: "/clusters" },
  "clusters-open": { path: "/clusters?open={cluster}" },
  "clusters-add": { path: "/clusters/add" },
  "clusters-add-form": { path: "/clusters/add?way=form" },
  cluster: { path: "/clusters/{cluster}" },
  "cluster-around": { path: "/clusters/{cluster}?near=cluster@{cluster}" },
  "cluster-capabilities": { path: "/clusters/{cluster}?tab=capabilities" },
  "cluster-edit": { path: "/clusters/{cluster}?tab=edit" },
  "cluster-gpus": { path: "/clusters/{gpuCluster}?tab=gpus" },
  "cluster-functions": { path: "/clusters/{cnfCluster}?tab=functions" },
  "cluster-credentials": { path: "/clusters/{cluster}?tab=credentials" },
  alerts: { path: "/alerts" },
  "alerts-open": { path: "/alerts?alert={alert}" },
  "alerts-around": { path: "/alerts?near=alert/{alert}" },
  "alerts-grouped": { path: "/alerts?group=alertname" },
  "alerts-history": { path: "/alerts?tab=history" },
  "alerts-silences": { path: "/alerts?tab=silences" },
  incidents: { path: "/incidents" },
  "incidents-resolved": { path: "/incidents?state=RESOLVED" },
  anomalies: { path: "/anomalies" },
  "anomalies-watches": { path: "/anomalies?tab=watches" },
  "anomalies-watch": { path: "/anomalies?tab=watches&watch=node-load" },
  replays: { path: "/replays" },
  "replays-new": { path: "/replays?replay=new" },
  reports: { path: "/reports" },
  "reports-new": { path: "/reports?report=new" },
  "reports-schedules": { path: "/reports?tab=schedules" },
  report: { path: "/reports/{report}" },
  chat: { path: "/chat?ask=What%20is%20wrong%20right%20now%3F" },
  "chat-over": { path: "/chat/00000000-0000-4000-8000-000000000000", tolerates: [/status of 404/] },
  "chat-answered": { path: "/chat/{chat}" },
  gpu: { path: "/gpu" },
  "gpu-table": { path: "/gpu?view=table" },
  "gpu-nodes": { path: "/gpu?tab=nodes" },
  "gpu-node": { path: "/gpu?open={gpus}&gpu=0" },
  "gpu-processes": { path: "/gpu?tab=processes" },
  "gpu-history": { path: "/gpu?tab=history&of={gpus}" },
  "gpu-thresholds": { path: "/gpu?tab=thresholds" },
  cnf: { path: "/cnf" },
  "cnf-clocks": { path: "/cnf?tab=clocks" },
  "cnf-clock-open": { path: "/cnf?tab=clocks&open={clock}" },
  "cnf-functions": { path: "/cnf?tab=functions" },
  "cnf-ports": { path: "/cnf?tab=ports" },
  metrics: { path: "/observability/metrics" },
  "metrics-asked": { path: "/observability/metrics?query=up" },
  "metrics-table": { path: "/observability/metrics?query=up&view=table" },
  logs: { path: "/observability/logs" },
  "logs-asked": { path: "/observability/logs?query=%7Bnamespace%3D~%22.%2B%22%7D" },
  traces: { path: "/observability/traces" },
  "traces-map": { path: "/observability/traces?view=map" },
  events: { path: "/events" },
  "events-open": { path: "/events?event=1" },
  operations: { path: "/operations" },
  "operations-projections": { path: "/operations?tab=projections" },
  "operations-streams": { path: "/operations?tab=streams" },
  "operations-letters": { path: "/operations?tab=letters" },
  "operations-clients": { path: "/operations?tab=clients" },
  audit: { path: "/audit?from=now-30d" },
  "audit-open": { path: "/audit?from=now-30d&event={made}" },
  settings: { path: "/settings" },
  past: { path: "/?as_of={instant}" },
  nowhere: { path: "/nonsense", tolerates: [/status of 404/] },
  login: { path: "/login", signedOut: true },
};

interface Clock {
  cluster_id: string;
  node_name: string;
  interface: string;
  process: string | null;
}

/** A clock that has a state, as its page calls it. */
async function clockOf(hub: Hub): Promise<string> {
  const { items } = await hub.call<{ items: Clock[] }>("GET", "/api/v1/cnf/ptp/status?clock_state=LOCKED&page_size=1");
  const clock = items[0];
  if (clock === undefined) throw new Error("no clock is known yet");
  return [clock.cluster_id, clock.node_name, clock.interface, clock.process ?? ""].join("/");
}

/** A node with GPUs, as its page calls it. */
async function gpusOf(hub: Hub): Promise<string> {
  const { items } = await hub.call<{ items: { cluster_id: string; node_name: string }[] }>(
    "GET",
    "/api/v1/gpu/nodes?page_size=1",
  );
  const node = items[0];
  if (node === undefined) throw new Error("no node with GPUs is known yet");
  return `${node.cluster_id}/${node.node_name}`;
}

/** A chat with an answer, of whoever has logged in: a token has chats of its own. */
async function chatOf(browser: Browser, hub: Hub, session: Session): Promise<string> {
  const context = await browser.newContext({
    baseURL: hub.address,
    storageState: session,
    extraHTTPHeaders: { origin: hub.address },
  });
  const made = await context.request.post("/api/v1/chat/sessions", { data: {} });
  const { id } = (await made.json()) as { id: string };
  const data = { content: "What is wrong right now?" };
  const answer = await context.request.post(`/api/v1/chat/sessions/${id}/messages`, { data, timeout: 60_000 });
  if (!answer.ok()) throw new Error(`no answer: ${answer.status()} ${await answer.text()}`);
  await context.close();
  return id;
}

/** A report that can be read; none in a frame that runs nothing, as what looks at pages could not look into that. */
async function reportOf(hub: Hub): Promise<string> {
  const { id } = await hub.call<{ id: string }>("POST", "/api/v1/reports", { report_type: "EXECUTIVE_SUMMARY", format: "MARKDOWN" });
  for (let tries = 0; tries < 300; tries += 1) {
    const { status } = await hub.call<{ status: string }>("GET", `/api/v1/reports/${id}`);
    if (status === "READY") return id;
    if (status === "FAILED") throw new Error("the report was not made");
    await setTimeout(200);
  }
  throw new Error("the report is not ready");
}

/** A token as the settings list them, and the event that tells of it. */
async function tokenOf(hub: Hub): Promise<string> {
  const { id } = await hub.call<{ id: string }>("POST", "/api/v1/tokens", { name: "grafana", role: "viewer" });
  const path = `/api/v1/events?event_type=TOKEN_CREATED&entity_id=${id}`;
  for (let tries = 0; tries < 50; tries += 1) {
    const { items } = await hub.call<{ items: { sequence: number }[] }>("GET", path);
    if (items[0] !== undefined) return String(items[0].sequence);
    await setTimeout(100);
  }
  throw new Error("the log has no event of the token");
}

export function checkPages(width: number): void {
  const hub = demoHub();
  let browser: Browser;
  let session: Session;
  const known: Record<string, string> = {};
  const filled = (path: string) => path.replace(/\{(\w+)\}/g, (_, name: string) => known[name]!);

  beforeAll(async () => {
    browser = await launch();
    session = await signIn(browser, hub);
    known["cluster"] = await hub.cluster("hub-1");
    await hub.post(known["cluster"], [{ name: "EtcdMembersDown", startsAt: new Date() }]);
    known["alert"] = (await hub.alert(known["cluster"], "EtcdMembersDown")).id;
    const watch = { id: "node-load", title: "Load of the nodes", query: "node_load1", above: 20 };
    // Pages of the other width have made it already.
    await hub.call("POST", "/api/v1/watches", watch).catch((error: Error) => {
      if (!error.message.includes(": 409 ")) throw error;
    });
    known["clock"] = await clockOf(hub);
    known["gpus"] = await gpusOf(hub);
    known["gpuCluster"] = known["gpus"].split("/", 1)[0]!;
    known["cnfCluster"] = known["clock"].split("/", 1)[0]!;
    known["made"] = await tokenOf(hub);
    known["chat"] = await chatOf(browser, hub, session);
    known["report"] = await reportOf(hub);
    known["instant"] = new Date().toISOString();
  });
  afterAll(() => browser.close());

  describe(`${width} px`, () => {
    test.each(Object.entries(PAGES))("%s", async (name, { path, signedOut = false, tolerates }) => {
      const look = { width, ...(signedOut ? {} : { session }), ...(tolerates ? { tolerates } : {}) };
      const window = await Window.open(browser, hub, look);
      try {
        await window.goTo(filled(path));
        await window.picture(`${name}-light-${width}`);
        const light = await violations(window.page, "light");
        // The same page in other colours: it has not to be loaded again.
        await window.turnDark();
        await window.picture(`${name}-dark-${width}`);
        const found = {
          problems: window.problems,
          failed: await failures(window.page),
          wider: await wider(window.page),
          light,
          dark: await violations(window.page, "dark"),
        };
        expect(found).toEqual({ problems: [], failed: [], wider: [], light: [], dark: [] });
      } finally {
        await window.close();
      }
    });
  });
}
