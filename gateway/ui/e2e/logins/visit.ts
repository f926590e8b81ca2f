/** Somebody's browser on its way through a login, and what it must not give away on the way. */

import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

import { Window, type Look, type Theme } from "../browser.ts";
import { violations, wider } from "../checks.ts";
import type { Hub } from "../hub.ts";

/** Who is nobody yet is refused at first, which the browser tells on the console. */
const NOBODY = [/status of 401/];
/** Tokens of a provider, and of ours; secrets of a client; what proves that a code is ours. */
const SECRET = /eyJ[\w-]+\.[\w-]+\.|sha256~|aiops_\w{8}|the-secret|client.secret|code_verifier|(?:access|id|refresh)_token=/;
const CALLBACK = "/auth/callback";
const WIDE = 1400;
const NARROW = 390;

export class Visit {
  readonly window: Window;
  /** Every address that was asked for, in order. */
  readonly addresses: string[] = [];
  readonly #hub: Hub;
  readonly #sessions = new Set<string>();

  private constructor(window: Window, hub: Hub) {
    this.window = window;
    this.#hub = hub;
    window.context.on("request", (request) => this.addresses.push(request.url()));
    window.page.on("websocket", (socket) => this.addresses.push(socket.url()));
  }

  static async of(browser: Browser, hub: Hub, look: Look = {}): Promise<Visit> {
    return new Visit(await Window.open(browser, hub, { tolerates: NOBODY, ...look }), hub);
  }

  get page(): Page {
    return this.window.page;
  }

  /** On from the login page; `said` is its button. */
  async leave(said: string): Promise<void> {
    await this.page.getByRole("button", { name: said }).click();
    await this.page.waitForURL((url) => url.host === this.#hub.provider);
  }

  /** Back from the provider, on the page that was asked for. */
  async isAt(title: string, user: string): Promise<void> {
    await this.page.getByRole("heading", { level: 1, name: title }).waitFor();
    await this.page.getByRole("button", { name: `Logged in as ${user}` }).waitFor();
    await this.window.settled();
    await this.keepsSession();
  }

  /** The session is the browser's own: no script reads it, and no other site makes the browser show it. */
  async keepsSession(): Promise<void> {
    const cookies = await this.cookies();
    expect(cookies.map(({ name, path, httpOnly, sameSite }) => ({ name, path, httpOnly, sameSite }))).toEqual([
      { name: "aiops_session", path: "/", httpOnly: true, sameSite: "Strict" },
    ]);
    this.#sessions.add(cookies[0]!.value);
  }

  /** Those of the hub, for whatever path. */
  async cookies() {
    const { hostname } = new URL(this.#hub.address);
    return (await this.window.context.cookies()).filter(({ domain }) => domain === hostname);
  }

  /** What the menu says of whoever is logged in, and closes it again. */
  async standing(): Promise<string> {
    const menu = this.page.getByRole("button", { name: /^Logged in as/ });
    await menu.click();
    const told = await this.page.getByRole("menuitem").first().innerText();
    await menu.click();
    return told.replaceAll(/\s+/g, " ");
  }

  async logOut(where: "Log out" | "Log out everywhere"): Promise<void> {
    await this.page.getByRole("button", { name: /^Logged in as/ }).click();
    await this.page.getByRole("menuitem", { name: where === "Log out" ? /^Log out$/ : /^Log out everywhere/ }).click();
  }

  /** Pictures of the page in both themes and widths; it is never wider than the window. */
  async pictures(name: string, inspect: (theme: Theme) => Promise<void> = async () => {}): Promise<void> {
    const { page } = this;
    for (const theme of ["light", "dark"] as const) {
      if (theme === "dark") await this.window.turnDark();
      for (const width of [WIDE, NARROW]) {
        await page.setViewportSize({ width, height: 900 });
        await this.window.picture(`${name}-${theme}-${width}`);
        expect(await wider(page), `${theme} ${width}`).toEqual([]);
      }
      await inspect(theme);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: WIDE, height: 900 });
  }

  /** The same of a page that stands nowhere else: everybody can read and use it. */
  look(name: string): Promise<void> {
    return this.pictures(name, async (theme) => expect(await violations(this.page, theme), theme).toEqual([]));
  }

  /** The one address that the provider has sent the browser back to. */
  get callback(): string {
    return this.addresses.findLast((each) => new URL(each).pathname === CALLBACK)!;
  }

  /** Nothing went wrong, no script gets at the session, and no secret was in any address. */
  async end(): Promise<void> {
    const { page, window } = this;
    const readable = await page.evaluate(() => [document.cookie, { ...localStorage }, { ...sessionStorage }]);
    expect(readable[0]).toBe("");
    expect(this.addresses.length).toBeGreaterThan(5);
    for (const told of [...this.addresses, JSON.stringify(readable), page.url()]) {
      expect(told).not.toMatch(SECRET);
      for (const session of this.#sessions) expect(told).not.toContain(session);
    }
    const { origin } = new URL(this.#hub.address);
    const ours = this.addresses.map((each) => new URL(each)).filter((each) => each.origin === origin);
    expect(ours.filter(({ searchParams, pathname }) => searchParams.has("code") && pathname !== CALLBACK)).toEqual([]);
    expect(window.problems).toEqual([]);
    await window.close();
  }
}
