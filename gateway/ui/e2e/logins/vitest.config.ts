import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

/** Logins, against a gateway of each mode that the environment names (see `../hub.ts`). */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL(".", import.meta.url)),
    environment: "node",
    include: ["*.e2e.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default"],
  },
});
