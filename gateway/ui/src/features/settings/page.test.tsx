import { screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { SettingsPage } from "@/features/settings/page";
import { getGetFleetHealthResponseMock } from "@/generated/api.msw";
import { useLiveState } from "@/lib/live";
import { useSettings } from "@/lib/settings";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

const requestPermission = vi.fn(async () => "granted");
const browserSays = (permission: string) => vi.stubGlobal("Notification", { permission, requestPermission });

beforeEach(() => {
  browserSays("default");
  requestPermission.mockClear();
  requestPermission.mockResolvedValue("granted");
  useSettings.setState({ theme: "system", density: "comfortable", zone: "local", singleKeys: true, notified: [] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  useLiveState.setState({ connection: "connecting", sequence: null });
});

test("how things look is set at once and kept", async () => {
  const { user } = await show(<SettingsPage />);
  await user.click(screen.getByRole("button", { name: "Dark" }));
  await user.click(screen.getByRole("button", { name: "Compact" }));
  await user.click(screen.getByRole("button", { name: "UTC" }));
  await user.click(screen.getByRole("switch", { name: "Single-key shortcuts" }));
  expect(screen.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  expect(JSON.parse(localStorage.getItem("aiops.settings")!).state).toMatchObject({
    theme: "dark",
    density: "compact",
    zone: "utc",
    singleKeys: false,
  });
});

test("the browser is asked for permission only by a click", async () => {
  const { user } = await show(<SettingsPage />);
  expect(requestPermission).not.toHaveBeenCalled();
  await user.click(screen.getByRole("switch", { name: "Notify of critical alerts" }));
  expect(requestPermission).toHaveBeenCalledOnce();
  expect(useSettings.getState().notified).toEqual(["CRITICAL"]);
  await user.click(screen.getByRole("switch", { name: "Notify of warning alerts" }));
  // It was granted: it is not asked again.
  expect(requestPermission).toHaveBeenCalledOnce();
  await user.click(screen.getByRole("switch", { name: "Notify of critical alerts" }));
  expect(useSettings.getState().notified).toEqual(["WARNING"]);
});

test("a permission that is denied is explained", async () => {
  requestPermission.mockResolvedValue("denied");
  const { user } = await show(<SettingsPage />);
  await user.click(screen.getByRole("switch", { name: "Notify of critical alerts" }));
  expect(await screen.findByText("The browser does not let this page notify")).toBeVisible();
  expect(screen.getByRole("switch", { name: "Notify of info alerts" })).toBeDisabled();
});

test("severities that are wanted before the browser was asked are no silent nothing", async () => {
  useSettings.setState({ notified: ["CRITICAL"] });
  const { user } = await show(<SettingsPage />);
  await user.click(screen.getByRole("button", { name: "Allow notifications" }));
  expect(requestPermission).toHaveBeenCalledOnce();
  expect(screen.queryByText("The browser has not been asked yet")).toBeNull();
});

test("who is here, what they may see, and how the hub is reached", async () => {
  const [one] = getGetFleetHealthResponseMock().items;
  asking({ role: "operator", clusters: ["id-1"] });
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ ...one!, id: "id-1", name: "edge-1" }] })),
  );
  useLiveState.setState({ connection: "live", sequence: 12_345 });
  await show(<SettingsPage />);
  expect(await screen.findByText("ada")).toBeVisible();
  expect(screen.getByText("Operator")).toBeVisible();
  expect(screen.getByText("Read, silence alerts, check clusters")).toBeVisible();
  expect(await screen.findByText("1 cluster: edge-1")).toBeVisible();
  expect(screen.getByText("12,345")).toBeVisible();
  expect(screen.getByRole("link", { name: "REST API" })).toHaveAttribute("href", "/docs");
});
