import type { ReactNode } from "react";

import { heatShare, Meter } from "@/features/gpu/meter";
import { nodeKey, type GpuSearch } from "@/features/gpu/search";
import { celsius, mebibytes, NOT_KNOWN, percent, share, watts } from "@/features/gpu/values";
import type { GpuSummary } from "@/generated/api.schemas";
import { PageLink, useSearch } from "@/lib/place";

/** Four figures of all GPUs together: means and sums over those that report. */
export function Totals({ summary }: { summary: GpuSummary }) {
  const { utilization_gpu_percent: busy, memory_total_mb, memory_used_mb, power_draw_watts, power_limit_watts } = summary;
  const memory = share(memory_used_mb, memory_total_mb);
  const power = share(power_draw_watts, power_limit_watts);
  return (
    <section className="gpu-totals" aria-label="All GPUs in figures">
      <div className="gpu-totals-grid">
        <Total name="Utilisation" figure={percent(busy)} bar={<Meter of={busy} />} more="mean of those that report" />
        <Total
          name="Memory used"
          figure={percent(memory)}
          bar={<Meter of={memory} />}
          more={`${mebibytes(memory_used_mb)} of ${mebibytes(memory_total_mb)}`}
        />
        <Total
          name="Power"
          figure={watts(power_draw_watts)}
          bar={<Meter of={power} />}
          more={power === null ? `limit ${NOT_KNOWN}` : `${percent(power)} of the limit of ${watts(power_limit_watts)}`}
        />
        <Hottest summary={summary} />
      </div>
    </section>
  );
}

interface TotalProps {
  name: string;
  figure: string;
  bar: ReactNode;
  more: ReactNode;
}

const Total = ({ name, figure, bar, more }: TotalProps) => (
  <article className="panel gpu-total">
    <span className="quiet">{name}</span>
    <strong className={figure === NOT_KNOWN ? "gpu-figure is-unknown" : "gpu-figure numbers"}>{figure}</strong>
    {bar}
    <span className="hint numbers gpu-more">{more}</span>
  </article>
);

function Hottest({ summary: { hottest, raised } }: { summary: GpuSummary }) {
  const search = useSearch<GpuSearch>();
  if (hottest === null) {
    return <Total name="Hottest GPU" figure={NOT_KNOWN} bar={<Meter of={null} />} more="no temperature is known" />;
  }
  const { cluster_id, node_name, index, temperature_celsius: hot } = hottest;
  return (
    <Total
      name="Hottest GPU"
      figure={celsius(hot)}
      bar={<Meter of={heatShare(hot)} hue="heat" high={raised.TEMPERATURE > 0} />}
      more={
        <PageLink to="/gpu" search={{ ...search, open: nodeKey(cluster_id, node_name), gpu: index ?? undefined }}>
          {`${node_name}${index === null ? "" : ` · GPU ${index}`}`}
        </PageLink>
      }
    />
  );
}
