/** Imports go one way, and features never import each other: pages can then live in another shell. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, expect, test } from "vitest";

const UI = process.cwd();
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const IMPORTED = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

/** Imports of another feature, which the linter cannot forbid by itself: it does not know which one is the file's own. */
function sideways(root: string): string[] {
  return readdirSync(join(root, "src/features"), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => {
      const own = file.split("/")[0];
      const text = readFileSync(join(root, "src/features", file), "utf8");
      return [...text.matchAll(IMPORTED)]
        .map((found) => found[1]!)
        .filter((name) => (name.startsWith("@/features/") && name.split("/")[2] !== own) || name.startsWith("."))
        .filter((name) => !name.endsWith("/package.json"))
        .map((name) => `${file}: ${name}`);
    });
}

/** What the linter says of these files in a folder of their own. */
function linted(files: Readonly<Record<string, string>>): string[] {
  const root = holding(files);
  try {
    execFileSync(process.execPath, [join(UI, "node_modules/oxlint/bin/oxlint"), "-c", join(root, ".oxlintrc.json"), "--format", "unix", "src"], {
      cwd: root,
      encoding: "utf8",
    });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout: string };
    return stdout.split("\n").flatMap((line) => /^(\S+?):\d+:\d+: '([^']+)' import is restricted/.exec(line)?.slice(1, 3).join(" ") ?? []);
  }
}

function holding(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "layers-"));
  made.push(root);
  for (const [name, text] of Object.entries({ ...files, ".oxlintrc.json": readFileSync(join(UI, ".oxlintrc.json"), "utf8") })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const importing = (...names: string[]) => names.map((name, at) => `import { a as a${at} } from "${name}";\n`).join("");
const ABOVE = ["@tanstack/react-router", "@/app/shell/shell", "@/features/gpu/page", "@/components/badges"];

test("no feature imports another one", () => expect(sideways(UI)).toEqual([]));

test("one that does is found, by name, by a way up, and where it is loaded later", () => {
  const root = holding({
    "src/features/alerts/page.tsx": importing("@/features/alerts/search", "@/features/gpu/search", "../gpu/search"),
    "src/features/gpu/deep/tab.tsx": 'const later = () => import("@/features/alerts/page");\n',
  });
  expect(sideways(root).toSorted()).toEqual([
    "alerts/page.tsx: ../gpu/search",
    "alerts/page.tsx: @/features/gpu/search",
    "gpu/deep/tab.tsx: @/features/alerts/page",
  ]);
});

test.each([
  ["src/features/alerts/page.tsx", ABOVE.slice(0, 2)],
  ["src/components/badges.tsx", ABOVE.slice(0, 3)],
  ["src/lib/format.ts", ABOVE],
  ["src/lib/place.tsx", ABOVE.slice(1)],
  ["src/app/root.tsx", []],
])("%s may not import what is above it, nor the router", (file, refused) => {
  expect(linted({ [file]: importing(...ABOVE) })).toEqual(refused.map((name) => `${file} ${name}`));
});
