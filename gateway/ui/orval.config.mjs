// Types, hooks and mocks of every route of the hub, made from its OpenAPI document. Nobody writes an API type by hand.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { defineConfig } from "orval";

/** Of a body that may be one of two shapes orval 8.38 makes a mock that TypeScript cannot follow. */
function unchecked(files) {
  for (const file of files) writeFileSync(file, `// @ts-nocheck\n${readFileSync(file, "utf8")}`);
}

/** `api.ts` and `api.msw.ts`: every area by one name. A bundle still takes each area only where it is asked for. */
function doors(files) {
  const mocks = files.filter((name) => name.endsWith(".msw.ts"));
  unchecked(mocks);
  const folder = fileURLToPath(new URL("src/generated/", import.meta.url));
  const below = (file) => `./${file.slice(folder.length)}`;
  const areas = mocks.map((file) => file.replace(/\.msw\.ts$/, ".ts"));
  writeFileSync(join(folder, "api.ts"), areas.map((file) => `export * from "${below(file)}";\n`).join(""));
  const made = mocks.map((file) => [/export const (get\w+Mock) = \(\) => \[/.exec(readFileSync(file, "utf8"))[1], below(file)]);
  writeFileSync(
    join(folder, "api.msw.ts"),
    [
      ...made.flatMap(([name, file]) => [`import { ${name} } from "${file}";\n`, `export * from "${file}";\n`]),
      `\n/** Answers of every route. */\nexport const getAIOpsNextGenMock = () => [\n`,
      ...made.map(([name]) => `  ...${name}(),\n`),
      "];\n",
    ].join(""),
  );
}

/** Each route belongs to the area that its path begins with, so that a page loads the client of what it asks. */
function byArea(document) {
  for (const [path, routes] of Object.entries(document.paths)) {
    const area = path.split("/").find((part) => part !== "" && !/^(api|v\d)$/.test(part));
    for (const route of Object.values(routes)) if (typeof route === "object") route.tags = [area];
  }
  return document;
}

export default defineConfig({
  api: {
    input: { target: "../../contracts/generated/openapi.json", override: { transformer: byArea } },
    output: {
      target: "src/generated/api.ts",
      client: "react-query",
      httpClient: "fetch",
      mode: "tags-split",
      clean: true,
      indexFiles: false,
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
    hooks: { afterAllFilesWrite: doors },
  },
});
