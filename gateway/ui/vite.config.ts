import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Beside each text asset its compressed forms, made once: the hub sends them as they are. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir }) {
      const folder = join(dir!, "assets");
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const text = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text, { params }));
      }
    },
  };
}

/** Each icon of PatternFly comes twice, for two looks of which ours has one; both would be sent and drawn. */
function oneLook(): Plugin {
  return {
    name: "one-look",
    apply: "build",
    transform: {
      filter: { id: /\/react-icons\/dist\/esm\/icons\// },
      handler: (code) => (/^ {2}icon: \{/m.test(code) ? { code: code.replace(/^ {2}rhUiIcon: \{.*\},$/m, "  rhUiIcon: null,"), map: null } : undefined),
    },
  };
}

/** PatternFly's page brings a drawer for notifications, and what keeps the focus in it; ours has none. */
function noDrawer(): Plugin {
  const name = "\0no-drawer";
  const nothing = ["Drawer", "DrawerContent", "DrawerPanelContent"].map((part) => `export const ${part} = () => null;`);
  return {
    name: "no-drawer",
    apply: "build",
    enforce: "pre",
    resolveId: (source, importer) => (source === "../Drawer" && importer?.endsWith("/Page/Page.js") ? name : undefined),
    load: (id) => (id === name ? nothing.join("\n") : undefined),
  };
}

/** Pages that stand elsewhere than their folder says: they share what is another page's. */
const ADDRESSES: Readonly<Record<string, string>> = { "events/audit": "audit" };

/**
 * `pages.json`: the files that each page has beyond those of the index, by its folder below features.
 * The hub names them in the index that it sends, so that they come with the rest and not after it.
 */
function pageParts(): Plugin {
  return {
    name: "page-parts",
    apply: "build",
    // When Vite has taken out the chunks that held nothing but styles: nobody could load them.
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((part) => part.type === "chunk");
        const partsOf = (file: string, found = new Set<string>()): Set<string> => {
          const chunk = chunks.find(({ fileName }) => fileName === file);
          if (chunk === undefined || found.has(file)) return found;
          found.add(file);
          for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style);
          for (const each of chunk.imports) partsOf(each, found);
          return found;
        };
        const everywhere = partsOf(chunks.find(({ isEntry }) => isEntry)!.fileName);
        const pages = chunks.flatMap(({ facadeModuleId, fileName }) => {
          const page = /\/src\/features\/(.+)\/page\.tsx$/.exec(facadeModuleId ?? "")?.[1];
          return page === undefined ? [] : [[ADDRESSES[page] ?? page, [...partsOf(fileName)].filter((part) => !everywhere.has(part))]];
        });
        const source = JSON.stringify(Object.fromEntries(pages), undefined, 1);
        this.emitFile({ type: "asset", fileName: "pages.json", source });
      },
    },
  };
}

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/ui/" : "/",
  plugins: [react(), oneLook(), noDrawer(), pageParts(), compressed()],
  html: { cspNonce: "__CSP_NONCE__" },
  resolve: {
    alias: {
      "@/": fileURLToPath(new URL("./src/", import.meta.url)),
      "@live": fileURLToPath(new URL("../clients/typescript/src/live.ts", import.meta.url)),
    },
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Of everything that is bundled; the hub serves it beside the rest.
    license: { fileName: "third-party.txt" },
    chunkSizeWarningLimit: 1500,
    // Clients of routes do nothing when they are loaded, so a page takes those of its areas alone.
    rolldownOptions: { treeshake: { moduleSideEffects: [{ test: /\/src\/generated\//, sideEffects: false }] } },
  },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://hub.test/" } },
    setupFiles: ["src/testing/setup.ts"],
    css: false,
    restoreMocks: true,
    // Of a busy machine much is forgiven.
    testTimeout: 30_000,
    projects: [
      // What shows no page leaves nothing behind: its files share a window and what they import.
      { extends: true, test: { name: "code", include: ["src/**/*.test.ts"], isolate: false } },
      { extends: true, test: { name: "pages", include: ["src/**/*.test.tsx"] } },
    ],
  },
  server: {
    // `npm run dev` beside a hub of `make up`: AIOPS_URL names it.
    proxy: Object.fromEntries(
      ["/api", "/auth", "/ws", "/health", "/ready", "/docs", "/asyncapi"].map((path) => [
        path,
        { target: process.env["AIOPS_URL"] ?? "http://127.0.0.1:8080", ws: path !== "/auth" },
      ]),
    ),
  },
}));
