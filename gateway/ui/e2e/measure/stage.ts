/** A browser that measures: when a page shows its content, how long its frames and answers take. */

import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

import { signIn, type Session } from "../browser.ts";
import { Hub } from "../hub.ts";

/** A page, and what shows that its data is there. */
export interface Place {
  path: string;
  title: string;
  /** Its content is a list: a row must be there. */
  rows?: boolean;
}

export const PLACES: readonly Place[] = [
  { path: "/", title: "Fleet" },
  { path: "/clusters", title: "Clusters", rows: true },
  { path: "/alerts", title: "Alerts", rows: true },
  { path: "/observability/metrics", title: "Metrics" },
  { path: "/observability/logs", title: "Logs" },
  { path: "/observability/traces", title: "Traces" },
  { path: "/events", title: "Events", rows: true },
  { path: "/operations", title: "Operations" },
  { path: "/settings", title: "Settings" },
  { path: "/gpu", title: "GPUs" },
  { path: "/cnf", title: "Network functions" },
];

/** What is put into every page before its own scripts. */
export interface Meter {
  /** Milliseconds since the navigation began at which the place was painted. */
  shown: (place: Place) => Promise<number>;
  /** Resolves after the next frame was painted. */
  painted: () => Promise<number>;
  /** Times of frames, since `watchFrames`. */
  frames: number[];
  watchFrames: (on: boolean) => void;
  /** Of each interaction that took over 16 ms: its longest event. */
  slow: Map<number, number>;
}

declare global {
  // eslint-disable-next-line no-var -- the only way to say that a window has it
  var meter: Meter;
}

/** Runs in the page, before its own scripts. */
export function install(): void {
  const painted = () =>
    new Promise<number>((done) => {
      requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.addEventListener("message", () => done(performance.now()), { once: true });
        after.port1.start();
        after.port2.postMessage(undefined);
      });
    });
  const isShown = ({ path, rows = false }: Place) => {
    const main = document.querySelector("main");
    if (location.pathname !== path || !main?.querySelector("h1")) return false;
    if (main.querySelector("[aria-busy=true]")) return false;
    return rows
      ? main.querySelectorAll("[role=row]").length > 1
      : (main.textContent ?? "").length > 60;
  };
  const meter: Meter = {
    painted,
    shown: async (place) => {
      while (!isShown(place)) await new Promise(requestAnimationFrame);
      return painted();
    },
    frames: [],
    watchFrames: (on) => {
      meter.frames = [];
      watching = on;
      if (on) requestAnimationFrame(frame);
    },
    slow: new Map(),
  };
  let watching = false;
  const frame = (at: number) => {
    if (!watching) return;
    meter.frames.push(at);
    requestAnimationFrame(frame);
  };
  globalThis.meter = meter;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { interactionId: number })[]) {
      const { interactionId, duration } = entry;
      if (interactionId === 0) continue;
      meter.slow.set(interactionId, Math.max(meter.slow.get(interactionId) ?? 0, duration));
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: true } as PerformanceObserverInit);
}

export class Stage {
  readonly hub: Hub;
  readonly browser: Browser;
  readonly session: Session;

  private constructor(hub: Hub, browser: Browser, session: Session) {
    this.hub = hub;
    this.browser = browser;
    this.session = session;
  }

  static async open(directory: string): Promise<Stage> {
    const hub = new Hub(directory);
    const browser = await chromium.launch({
      executablePath: process.env["AIOPS_CHROMIUM"] ?? "/usr/bin/chromium-headless-shell",
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    return new Stage(hub, browser, await signIn(browser, hub));
  }

  /** A browser with empty caches. */
  async context(): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      baseURL: this.hub.address,
      viewport: { width: 1440, height: 900 },
      storageState: this.session,
    });
    await context.addInitScript(install);
    return context;
  }

  async page(path: string): Promise<Page> {
    const page = await (await this.context()).newPage();
    await page.goto(path);
    return page;
  }

  /** A page that holds nothing but this. */
  async bare(body: string): Promise<Page> {
    const page = await (await this.context()).newPage();
    await page.route("**/bare", (route) =>
      route.fulfill({ contentType: "text/html", body: `<!doctype html><body>${body}</body>` }),
    );
    await page.goto("/bare");
    return page;
  }
}

export const say = (text: string) => process.stderr.write(`${text}\n`);

export const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
