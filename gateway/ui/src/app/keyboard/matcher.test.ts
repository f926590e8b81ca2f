import { expect, test } from "vitest";

import { createMatcher, PAIR_MS, takesKeys, type Pressed } from "@/app/keyboard/matcher";
import { SHORTCUTS } from "@/app/keyboard/registry";

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  timeStamp: 0,
  ...more,
});

test("every shortcut of the registry is found by its keys", () => {
  for (const shortcut of SHORTCUTS) {
    const match = createMatcher(SHORTCUTS);
    const found = shortcut.keys.map((key) =>
      match(key.startsWith("mod+") ? press(key.slice(4), { ctrlKey: true }) : press(key)),
    );
    expect(found.at(-1)).toBe(shortcut);
  }
});

test("no two shortcuts have the same keys, and none hides a pair", () => {
  const keys = SHORTCUTS.map(({ keys }) => keys.join(" "));
  expect(new Set(keys).size).toBe(keys.length);
  const firsts = new Set(SHORTCUTS.filter(({ keys }) => keys.length === 2).map(({ keys }) => keys[0]));
  expect(keys.filter((key) => firsts.has(key))).toEqual([]);
});

test("a pair counts only in time, and Shift does not break it", () => {
  const match = createMatcher(SHORTCUTS);
  match(press("g"));
  expect(match(press("d", { timeStamp: PAIR_MS }))).toBeUndefined();
  match(press("g"));
  match(press("Shift"));
  expect(match(press("a", { timeStamp: PAIR_MS - 1 }))?.to).toBe("/alerts");
});

test("after a pair that is none, the second key counts by itself", () => {
  const match = createMatcher(SHORTCUTS);
  match(press("g"));
  expect(match(press("?"))?.action).toBe("help");
});

test("what the browser does with Ctrl or Alt is left to it", () => {
  const match = createMatcher(SHORTCUTS);
  expect(match(press("t", { ctrlKey: true }))).toBeUndefined();
  expect(match(press("t", { altKey: true }))).toBeUndefined();
  expect(match(press("k", { metaKey: true }))?.action).toBe("palette");
  // AltGr, as a German keyboard needs it.
  expect(match(press("[", { altKey: true }))?.action).toBe("navigation");
});

test("keys that are typed are no shortcuts", () => {
  document.body.innerHTML = `
    <input id="text"><input id="range" type="range"><textarea id="area"></textarea><button id="button"></button>
    <div class="cm-editor"><div id="code"></div></div><ul role="menu"><li id="item"></li></ul>`;
  const typed = ["text", "range", "area", "button", "code", "item"].filter((id) => takesKeys(document.getElementById(id)));
  expect(typed).toEqual(["text", "area", "code", "item"]);
  document.body.innerHTML = "";
});
