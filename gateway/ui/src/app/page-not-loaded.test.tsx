import { render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test, vi } from "vitest";

import { PageNotLoaded } from "@/app/page-not-loaded";
import { hub } from "@/testing/hub";

afterEach(() => void vi.unstubAllGlobals());

test("a page that could not be loaded says so, and is loaded anew when the hub is back", async () => {
  const reload = vi.fn();
  const asked = vi.fn();
  vi.stubGlobal("location", { ...location, href: "http://hub.test/", reload });
  hub.use(http.get("*/health", () => (asked(), HttpResponse.error()), { once: true }));
  render(<PageNotLoaded />);
  expect(screen.getByRole("heading", { name: "This page could not be loaded" })).toBeVisible();
  await waitFor(() => expect(asked).toHaveBeenCalled());
  expect(reload).not.toHaveBeenCalled();
  hub.use(http.get("*/health", () => HttpResponse.json({ status: "ok" })));
  await waitFor(() => expect(reload).toHaveBeenCalledOnce(), { timeout: 4_000 });
});
