// Types, hooks and mocks of every route of the hub, made from its OpenAPI document. Nobody writes an API type by hand.
import { readFileSync, writeFileSync } from "node:fs";

import { defineConfig } from "orval";

/** Of a body that may be one of two shapes orval 8.38 makes a mock that TypeScript cannot follow. */
function unchecked(files) {
  for (const file of files.filter((name) => name.endsWith(".msw.ts"))) {
    writeFileSync(file, `// @ts-nocheck\n${readFileSync(file, "utf8")}`);
  }
}

export default defineConfig({
  api: {
    input: "../../contracts/generated/openapi.json",
    output: {
      target: "src/generated/api.ts",
      client: "react-query",
      httpClient: "fetch",
      mode: "split",
      clean: true,
      urlEncodeParameters: true,
      mock: { generators: [{ type: "msw", delay: 0, useExamples: true }] },
      override: {
        mutator: { path: "src/lib/http.ts", name: "call" },
        query: { signal: true, version: 5 },
        // Of pairs (`prefixItems`) it makes a mock that is no TypeScript at all.
        mock: { properties: { histograms: () => null } },
        fetch: { includeHttpResponseReturnType: false },
      },
    },
    hooks: { afterAllFilesWrite: unchecked },
  },
});
