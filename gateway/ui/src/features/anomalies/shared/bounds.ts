/** Bounds of a watch as lines in a chart. */

type Bound = number | null | undefined;

export const boundsOf = (above: Bound, below: Bound) => [
  ...(above == null ? [] : [{ name: "upper bound", at: above, tone: "danger" as const }]),
  ...(below == null ? [] : [{ name: "lower bound", at: below, tone: "danger" as const }]),
];
