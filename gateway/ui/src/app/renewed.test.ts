import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { followUpgrades, isNotLoaded, renew, worthLoadingAnew } from "@/app/renewed";
import { hub } from "@/testing/hub";

const reload = vi.fn();
beforeEach(() => {
  reload.mockClear();
  vi.stubGlobal("location", { ...location, href: "http://hub.test/", reload });
});
afterEach(() => void vi.unstubAllGlobals());

test("the page is loaded anew once, and again only much later", () => {
  expect(worthLoadingAnew(1_000_000)).toBe(true);
  expect(worthLoadingAnew(1_005_000)).toBe(false);
  expect(worthLoadingAnew(2_000_000)).toBe(true);
});

test("a script that does not come touches nothing of what is shown, and is known by its name", () => {
  followUpgrades();
  const payload = new TypeError("Failed to fetch dynamically imported module: /ui/assets/page-1.js");
  const event = Object.assign(new Event("vite:preloadError", { cancelable: true }), { payload });
  window.dispatchEvent(event);
  expect(reload).not.toHaveBeenCalled();
  expect(event.defaultPrevented).toBe(false);
  expect(isNotLoaded(payload)).toBe(true);
  // The router loads the page anew by these words of its own accord.
  expect(payload.message).not.toMatch(/^Failed to fetch/);
  expect(isNotLoaded(new TypeError("x is not a function"))).toBe(false);
});

test("it is loaded anew once the hub is there, not into the browser's own page of errors", async () => {
  hub.use(http.get("*/health", () => HttpResponse.error(), { once: true }));
  await renew();
  expect(reload).not.toHaveBeenCalled();
  hub.use(http.get("*/health", () => HttpResponse.json({ status: "ok" })));
  await renew();
  await renew();
  expect(reload).toHaveBeenCalledOnce();
});
