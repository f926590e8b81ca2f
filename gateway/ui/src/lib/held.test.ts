import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";

import { hold, useHeld } from "@/lib/held";

interface Row {
  id: string;
  state: string;
}
const row = (id: string, state = "FIRING"): Row => ({ id, state });
const held = (before: Row[], now: Row[]) => hold(before, now, ({ id }) => id);

test("rows keep their places while new ones come, which are counted", () => {
  const { rows, waiting } = held([row("a"), row("b")], [row("new"), row("b"), row("a")]);
  expect(rows.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(waiting).toBe(1);
});

test("a row that has changed is shown as it is now, where it was", () => {
  const { rows } = held([row("a"), row("b")], [row("b", "RESOLVED"), row("a")]);
  expect(rows).toEqual([row("a"), row("b", "RESOLVED")]);
});

test("a row that is gone stays", () => {
  const { rows, waiting } = held([row("a"), row("b")], [row("b")]);
  expect(rows.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(waiting).toBe(0);
});

test("what a list continues with is no news", () => {
  const { rows, waiting } = held([row("a"), row("b")], [row("new"), row("a"), row("b"), row("c")]);
  expect(rows.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(waiting).toBe(1);
});

test("where none that was shown is left, all that came is news and stands nowhere below", () => {
  const { rows, waiting } = held([row("a"), row("b")], [row("d"), row("c")]);
  expect(rows.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(waiting).toBe(2);
});

test("another list is held at its own rows once they are there, though nobody let go", () => {
  const { result, rerender } = renderHook(
    ({ now, list, answered }) => useHeld(now, true, ({ id }) => id, list, answered),
    { initialProps: { now: [row("a"), row("b")], list: "all", answered: true } },
  );
  rerender({ now: [row("new"), row("a"), row("b")], list: "all", answered: false });
  expect(result.current).toMatchObject({ rows: [{ id: "a" }, { id: "b" }], waiting: 1 });
  rerender({ now: [row("a")], list: "some", answered: false });
  rerender({ now: [row("d"), row("c")], list: "some", answered: true });
  expect(result.current).toMatchObject({ rows: [{ id: "d" }, { id: "c" }], waiting: 0 });
  rerender({ now: [row("e"), row("d"), row("c")], list: "some", answered: true });
  expect(result.current).toMatchObject({ rows: [{ id: "d" }, { id: "c" }], waiting: 1 });
});
