import { expect, test } from "vitest";

import { BOX, layersOf, layoutOf } from "@/features/incidents/detail/graph/layout";

const link = (text: string) => ({ from: text[0]!, to: text[1]! });
const columns = (keys: string, links: readonly string[]) => {
  const { spots } = layoutOf([...keys], links.map(link));
  return Object.fromEntries(spots.map(({ key, column }) => [key, column]));
};

test("each stands as far to the right as its longest way from the beginning", () => {
  expect(layersOf([..."abcd"], ["ab", "bc", "ac", "cd"].map(link))).toEqual([["a"], ["b"], ["c"], ["d"]]);
  expect(columns("abcd", ["ad", "ab", "bc"])).toEqual({ a: 0, b: 1, c: 2, d: 1 });
});

test("what nothing leads to begins on the left, too", () => {
  expect(columns("abx", ["ab"])).toEqual({ a: 0, b: 1, x: 0 });
});

test("a circle is broken at the edge that matters least", () => {
  const { spots, edges } = layoutOf([..."abc"], ["ab", "bc", "ca"].map(link));
  expect(spots.map(({ key, column }) => key + column)).toEqual(["a0", "b1", "c2"]);
  expect(edges.map(({ back }) => back)).toEqual([false, false, true]);
});

test("two that point at each other are told apart", () => {
  expect(layoutOf([..."ab"], ["ab", "ba"].map(link)).edges.map(({ back }) => back)).toEqual([false, true]);
});

test("within a layer they stand by what they are joined with, so that lines do not cross", () => {
  const { spots } = layoutOf([..."abxy"], ["ay", "bx"].map(link));
  const y = (wanted: string) => spots.find(({ key }) => key === wanted)!.y;
  expect(y("a") < y("b")).toBe(y("y") < y("x"));
});

test("no two boxes lie on each other, and all are within the sheet", () => {
  const keys = Array.from({ length: 40 }, (_, at) => `n${at}`);
  const links = keys.slice(1).map((to, at) => ({ from: keys[Math.floor(at / 3)]!, to }));
  const { spots, width, height } = layoutOf(keys, links);
  expect(new Set(spots.map(({ x, y }) => `${x} ${y}`)).size).toBe(40);
  expect(spots.every(({ x, y }) => x >= 0 && y >= 0 && x + BOX.width <= width && y + BOX.height <= height)).toBe(true);
});

test("nothing is a sheet without boxes", () => {
  expect(layoutOf([], []).spots).toEqual([]);
});
