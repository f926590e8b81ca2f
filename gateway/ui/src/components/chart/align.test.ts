import { expect, test } from "vitest";

import { align, extentOf, lonely, stacked } from "@/components/chart/align";

test("series share one axis, and a point that another has is no gap", () => {
  const { times, columns } = align([
    [[0, 20], [1, 3]],
    [[0, 10, 20], [4, 5, 6]],
  ]);
  expect(times).toEqual([0, 10, 20]);
  expect(columns[0]).toEqual([1, undefined, 3]);
  expect(columns[1]).toEqual([4, 5, 6]);
});

test("where a step is missing there is a gap, though no other series has a point there", () => {
  const { times, columns } = align([[[0, 10, 40], [1, 2, 3]]], 10);
  expect(times).toEqual([0, 10, 20, 40]);
  expect(columns[0]).toEqual([1, 2, null, 3]);
});

test("what is no number is a gap", () => {
  const { columns } = align([[[0, 10, 20], [1, Number.NaN, Number.POSITIVE_INFINITY]]]);
  expect(columns[0]).toEqual([1, null, null]);
});

test("only a point between two gaps needs a dot of its own", () => {
  expect(lonely([1, 2, null, 5, null, 7])).toEqual([3, 5]);
  expect(lonely([1, undefined, 2])).toEqual([]);
});

test("stacked bars are as high as themselves and all below", () => {
  expect(stacked([[1, 2], [10, undefined], [100, 200]])).toEqual([
    [111, 202],
    [110, 200],
    [100, 200],
  ]);
});

test("lowest, highest and last are of numbers alone", () => {
  expect(extentOf([[0, 1, 2, 3], [5, -2, 9, Number.NaN]])).toEqual({ min: -2, max: 9, last: 9 });
  expect(extentOf([[0], [Number.NaN]])).toBeUndefined();
});
