import { afterEach, expect, test } from "vitest";

import { useSettings } from "@/lib/settings";

afterEach(() => useSettings.setState(useSettings.getInitialState(), true));

test("what another tab has set counts here, and is not undone by what is set here next", () => {
  useSettings.getState().set({ density: "compact" });
  const stored = JSON.parse(localStorage.getItem("aiops.settings")!) as { state: object };
  localStorage.setItem("aiops.settings", JSON.stringify({ ...stored, state: { ...stored.state, theme: "dark" } }));
  window.dispatchEvent(new StorageEvent("storage", { key: "aiops.settings" }));
  useSettings.getState().set({ zone: "utc" });
  expect(useSettings.getState()).toMatchObject({ theme: "dark", density: "compact", zone: "utc" });
});
