/** Before each file of tests: a hub that answers as the OpenAPI document says, and what jsdom lacks. */

import "@testing-library/jest-dom/vitest";

import { faker } from "@faker-js/faker";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";

import { hub } from "@/testing/hub";

// Of a busy machine much is forgiven.
configure({ asyncUtilTimeout: 5_000 });

beforeAll(() => hub.listen({ onUnhandledFrame: "error" }));
// Generated answers are the same in every run.
beforeEach(() => void faker.seed(7));
afterEach(() => {
  cleanup();
  hub.resetHandlers();
  localStorage.clear();
  sessionStorage.clear();
});
afterAll(() => hub.close());

window.matchMedia = (query) =>
  ({
    matches: query.includes("min-width"),
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  }) as unknown as MediaQueryList;

// A window of 1000 × 800, as jsdom lays nothing out: lists show what fits in it.
class ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
window.ResizeObserver ??= ResizeObserver;
window.scrollTo = () => {};
Object.defineProperties(HTMLElement.prototype, {
  offsetHeight: { configurable: true, get: () => 800 },
  offsetWidth: { configurable: true, get: () => 1000 },
  clientHeight: { configurable: true, get: () => 800 },
  clientWidth: { configurable: true, get: () => 1000 },
});
Element.prototype.scrollTo = () => {};
Element.prototype.scrollIntoView = () => {};
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
  this.open = false;
};
