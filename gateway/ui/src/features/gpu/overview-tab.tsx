import { Breakdowns } from "@/features/gpu/breakdowns";
import { Filters } from "@/features/gpu/filters";
import { MapPanel } from "@/features/gpu/map/map-panel";
import { Totals } from "@/features/gpu/totals";
import type { GpuSummary } from "@/generated/api.schemas";

/** All GPUs at one look. */
export function OverviewTab({ summary }: { summary: GpuSummary }) {
  return (
    <>
      <Filters />
      <Totals summary={summary} />
      <MapPanel />
      <Breakdowns summary={summary} />
    </>
  );
}
