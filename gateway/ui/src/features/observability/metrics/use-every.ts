import { useStep } from "@/features/observability/metrics/use-step";
import type { MetricsSearch } from "@/features/observability/search";
import { useAsOf, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";
import { isRelative } from "@/lib/time";

/** More often nobody has to look, and nobody has to answer. */
const LEAST_MS = 15_000;

/** Milliseconds after which figures are asked for again by themselves; undefined: they do not change with the time. */
export function useEvery(): number | undefined {
  const { view } = useSearch<MetricsSearch>();
  const { as_of } = useAsOf();
  const { to } = useRange();
  const { step } = useStep();
  if (as_of !== undefined || !isRelative(to)) return undefined;
  return view === "table" ? LEAST_MS : Math.max(LEAST_MS, step);
}
