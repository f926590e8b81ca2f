/* Ends in .tsx for a window of its own: it changes what all stores hold. */
import { expect, test, vi } from "vitest";

import { useNotifications } from "@/app/notifications/store";
import { useRecent } from "@/app/palette/recent";
import { LIBRARIES } from "@/features/observability/library/store";
import { sessionBegan } from "@/lib/session";
import { useSettings } from "@/lib/settings";
import { useViews } from "@/lib/views";

const full = () => {
  throw new DOMException("full", "QuotaExceededError");
};

test("a storage that is full keeps nothing, and what is changed is changed here", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(full);
  useSettings.getState().set({ theme: "dark" });
  useRecent.getState().chosen("page:/alerts");
  useViews.getState().save({ name: "mine", path: "/alerts", search: "", isDefault: false });
  useNotifications.setState({ seenAt: 3 });
  LIBRARIES.promql.getState().save("up", "up");
  expect(useSettings.getState().theme).toBe("dark");
  expect(useRecent.getState().ids).toEqual(["page:/alerts"]);
  expect(useViews.getState().views).toHaveLength(1);
  expect(useNotifications.getState().seenAt).toBe(3);
  expect(LIBRARIES.promql.getState().saved).toHaveLength(1);
});

test("who logs in with a full storage is logged in, though other tabs are not told", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(full);
  expect(sessionBegan).not.toThrow();
});

test("a storage that may not be read counts as empty", async () => {
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(full);
  await useSettings.persist.rehydrate();
  expect(useSettings.persist.hasHydrated()).toBe(true);
});
