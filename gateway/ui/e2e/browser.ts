/** A real browser, which notes everything on a page that should not be. */

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { onTestFailed } from "vitest";

import type { Hub } from "./hub.ts";

const PROGRAM = process.env["AIOPS_CHROMIUM"] ?? "/usr/bin/chromium-headless-shell";
const PICTURES = fileURLToPath(new URL("./artefacts/", import.meta.url));

/** A context's cookies: a session that is taken over by another one. */
export type Session = Awaited<ReturnType<BrowserContext["storageState"]>>;

export type Theme = "light" | "dark";

export interface Look {
  /** Width of the window. */
  width?: number;
  height?: number;
  theme?: Theme;
  session?: Session;
  /** Where pages come from, if not from the hub itself. */
  base?: string;
  /** What a test provokes, and may thus be on the console. */
  tolerates?: readonly RegExp[];
  /** The host that a login leads to: what its pages do is its own matter. */
  through?: string;
}

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: PROGRAM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
  });

/** The navigation's link to a page; it may tell how much there is to see, as `Alerts 17`. */
export const linkTo = (page: Page, title: string) =>
  page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: new RegExp(`^${title}`) });

const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : "");

/** Logs in by a one-time code, without looking. */
export async function signIn(browser: Browser, hub: Hub): Promise<Session> {
  const context = await browser.newContext({ baseURL: hub.address });
  const answer = await context.request.post("/auth/login", { data: { code: await hub.code() } });
  if (!answer.ok()) throw new Error(`no login: ${answer.status()} ${await answer.text()}`);
  const session = await context.storageState();
  await context.close();
  return session;
}

/** What a page says, in words. */
async function shown(page: Page): Promise<string> {
  const words = await page.locator("body").innerText({ timeout: 2_000 }).catch(String);
  return `${page.url()} showed:\n${words.slice(0, 6_000)}`;
}

/** Has something told if the test fails; a window that several tests share belongs to none. */
function whenItFails(tell: () => Promise<void>): void {
  try {
    onTestFailed(tell);
  } catch {
    // It is opened before all of them.
  }
}

/** A window of a browser of its own, with nothing in it yet. */
export class Window {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors on the console, exceptions, refused styles and scripts, requests to other hosts. */
  readonly problems: string[];

  private constructor(context: BrowserContext, page: Page, problems: string[]) {
    this.context = context;
    this.page = page;
    this.problems = problems;
  }

  static async open(browser: Browser, hub: Hub, look: Look = {}): Promise<Window> {
    const { width = 1440, height = 900, theme = "light", session, tolerates = [], through } = look;
    const base = look.base ?? hub.address;
    const context = await browser.newContext({
      baseURL: base,
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: "reduce",
      timezoneId: "UTC",
      permissions: ["clipboard-read", "clipboard-write"],
      // Of an authority that only the hub knows.
      ignoreHTTPSErrors: through !== undefined,
      ...(session ? { storageState: session } : {}),
    });
    const problems: string[] = [];
    const note = (problem: string, at: string) => {
      const isTheirs = through !== undefined && hostOf(at) === through;
      if (!isTheirs && !tolerates.some((pattern) => pattern.test(problem))) problems.push(problem);
    };
    const own = new URL(base).host;
    await context.route(
      (url) => url.protocol.startsWith("http") && url.host !== own && url.host !== through,
      async (route) => {
        note(`a request to another host: ${route.request().url()}`, route.request().frame().url());
        await route.abort();
      },
    );
    await context.exposeBinding("policyBroken", ({ frame }, what: string) => note(`the policy refuses ${what}`, frame.url()));
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile }) => {
        const tell = (globalThis as unknown as { policyBroken: (what: string) => void }).policyBroken;
        tell(`${effectiveDirective} ${blockedURI} of ${sourceFile}`);
      });
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => note(`an exception: ${error.message}`, page.url()));
    page.on("console", (message) => {
      if (message.type() === "error") note(`on the console: ${message.text()} (${message.location().url})`, page.url());
    });
    page.setDefaultTimeout(15_000);
    whenItFails(async () => console.error(await shown(page)));
    return new Window(context, page, problems);
  }

  /** Goes to an address, and waits until the page shows what it is for. */
  async goTo(path: string): Promise<void> {
    await this.page.goto(path, { waitUntil: "load" });
    await this.settled();
  }

  /** The page has its title, its data and its fonts. */
  async settled(): Promise<void> {
    await this.page.getByRole("heading", { level: 1 }).first().waitFor();
    await this.page.waitForFunction(
      () => document.querySelector("[aria-busy=true]") === null && document.fonts.status === "loaded",
    );
  }

  /** As somebody's computer does in the evening. */
  async turnDark(): Promise<void> {
    await this.page.emulateMedia({ colorScheme: "dark" });
    await this.page.locator("html.pf-v6-theme-dark").waitFor({ state: "attached" });
    await this.settled();
  }

  /** Keeps a picture of what is shown now. */
  async picture(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: `${PICTURES}${name}.png`, animations: "disabled" });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
