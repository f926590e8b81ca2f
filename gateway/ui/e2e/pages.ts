/** Every page in one theme, wide and narrow: whole, quiet, reachable for everybody. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, signIn, Window, type Session, type Theme } from "./browser.ts";
import { failures, violations, wider } from "./checks.ts";
import { demoHub } from "./hub.ts";

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
  "cluster-capabilities": { path: "/clusters/{cluster}?tab=capabilities" },
  "cluster-edit": { path: "/clusters/{cluster}?tab=edit" },
  "cluster-credentials": { path: "/clusters/{cluster}?tab=credentials" },
  alerts: { path: "/alerts" },
  "alerts-open": { path: "/alerts?alert={alert}" },
  "alerts-grouped": { path: "/alerts?group=alertname" },
  "alerts-history": { path: "/alerts?tab=history" },
  "alerts-silences": { path: "/alerts?tab=silences" },
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
  settings: { path: "/settings" },
  past: { path: "/?as_of={instant}" },
  nowhere: { path: "/nonsense", tolerates: [/status of 404/] },
  login: { path: "/login", signedOut: true },
};
const WIDTHS = [1440, 390];
export function checkPages(theme: Theme): void {
  const hub = demoHub();
  let browser: Browser;
  let session: Session;
  const known: Record<string, string> = {};
  const filled = (path: string) => path.replace(/\{(\w+)\}/, (_, name: string) => known[name]!);

  beforeAll(async () => {
    browser = await launch();
    session = await signIn(browser, hub);
    known["cluster"] = await hub.cluster("hub-1");
    await hub.post(known["cluster"], [{ name: "EtcdMembersDown", startsAt: new Date() }]);
    known["alert"] = (await hub.alert(known["cluster"], "EtcdMembersDown")).id;
    known["instant"] = new Date().toISOString();
  });
  afterAll(() => browser.close());

  describe.each(WIDTHS)(`${theme}, %i px`, (width) => {
    test.each(Object.entries(PAGES))("%s", async (name, { path, signedOut = false, tolerates }) => {
      const look = { theme, width, ...(signedOut ? {} : { session }), ...(tolerates ? { tolerates } : {}) };
      const window = await Window.open(browser, hub, look);
      try {
        await window.goTo(filled(path));
        await window.picture(`${name}-${theme}-${width}`);
        const found = {
          problems: window.problems,
          failed: await failures(window.page),
          wider: await wider(window.page),
          violations: await violations(window.page, theme),
        };
        expect(found).toEqual({ problems: [], failed: [], wider: [], violations: [] });
      } finally {
        await window.close();
      }
    });
  });
}
