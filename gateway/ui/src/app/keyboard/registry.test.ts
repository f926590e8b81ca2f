import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { isOfPage, keyName, keysOf, SHORTCUTS, type Action } from "@/app/keyboard/registry";

const written = SHORTCUTS.map(({ keys }) => keys.join(" "));
const actions = SHORTCUTS.flatMap(({ action }) => action ?? []);

test("no two keys collide, and none begins another one's pair", () => {
  expect(written.filter((keys, at) => written.indexOf(keys) !== at)).toEqual([]);
  const begins = new Set(SHORTCUTS.filter(({ keys }) => keys.length === 2).map(({ keys }) => keys[0]));
  expect(SHORTCUTS.filter(({ keys }) => keys.length === 1 && begins.has(keys[0]!))).toEqual([]);
});

test("no action has two keys, and each says what it does", () => {
  expect(actions.filter((action, at) => actions.indexOf(action) !== at)).toEqual([]);
  expect(SHORTCUTS.filter(({ does }) => does.trim() === "")).toEqual([]);
});

test("no key is one that browsers and screen readers have with a modifier: only the palette's is", () => {
  expect(written.filter((keys) => keys.includes("mod"))).toEqual(["mod+k"]);
  // Those move, press and leave things everywhere.
  expect(written.filter((keys) => /^(Tab| |Arrow.*|Home|End|Page.*)$/.test(keys))).toEqual([]);
});

test("what a page can do is offered by some page", () => {
  const offered = new Set(
    ["src/features", "src/components"].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".tsx") && !file.endsWith(".test.tsx"))
        .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/\{ name: "([a-z-]+)", title:/g)].map((found) => found[1]!)),
    ),
  );
  expect(actions.filter(isOfPage).filter((action) => !offered.has(action))).toEqual([]);
  expect([...offered].filter((name) => !actions.includes(name as Action))).toEqual([]);
});

test("keys are written as on the keyboard", () => {
  expect([keyName("T"), keyName("Escape"), keyName("e"), keysOf("resolve"), keysOf("report")]).toEqual(["Shift T", "Esc", "e", "r", "Shift R"]);
});
