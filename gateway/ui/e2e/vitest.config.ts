import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

/** In a real browser, against running hubs that the environment names (see `hub.ts`). */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL(".", import.meta.url)),
    environment: "node",
    include: ["*.e2e.ts", "journeys/*.e2e.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A browser and a hub keep two cores busy.
    maxWorkers: 2,
    reporters: ["default"],
  },
});
