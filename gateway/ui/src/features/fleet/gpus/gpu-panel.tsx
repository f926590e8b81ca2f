import "@/features/fleet/gpus/gpus.css";

import { keepPreviousData } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { InlineFailure, Loading } from "@/components/states";
import { BlockView, type Pointed } from "@/features/fleet/gpus/block-view";
import { GpuTip } from "@/features/fleet/gpus/gpu-tip";
import { blocksOf, sameGpus, SHADE_NAMES, SHADES } from "@/features/fleet/gpus/picture";
import { useGpus } from "@/features/fleet/hardware";
import { useHolding } from "@/features/fleet/holding";
import { useGetGpuMap } from "@/generated/api";
import type { GpuMap } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

const AGAIN_MS = 30_000;

/** Every GPU of the fleet at one look, by its use; nothing where there is none. */
export function GpuPanel() {
  const asOf = useAsOf();
  const { data: figures } = useGpus();
  const some = (figures?.gpus ?? 0) > 0;
  const { data: map, error } = useGetGpuMap(asOf, {
    query: {
      enabled: some,
      placeholderData: keepPreviousData,
      refetchInterval: asOf.as_of === undefined ? AGAIN_MS : false,
      // Ten thousand rows are not compared one by one.
      structuralSharing: false,
    },
  });
  if (!some) return null;
  return (
    <section className="panel" aria-labelledby="fleet-gpus">
      <header className="fleet-panel-head">
        <h2 id="fleet-gpus">GPUs by use</h2>
        <Legend />
        <div className="toolbar-end">
          <PageLink to="/gpu">Memory, temperature and power</PageLink>
        </div>
      </header>
      {error ? <InlineFailure error={error} what="The picture of GPUs could not be read" /> : null}
      {map ? <Picture map={map} /> : error ? null : <Loading lines={2} label="Loading the picture of GPUs" />}
    </section>
  );
}

function Picture({ map }: { map: GpuMap }) {
  const holding = useHolding();
  const [kept, setKept] = useState(map);
  const [pointed, setPointed] = useState<Pointed>();
  // While somebody points at a cell, no other comes to its place.
  const shown = holding.held && !sameGpus(kept, map) ? kept : map;
  if (shown !== kept) setKept(shown);
  const blocks = useMemo(() => blocksOf(shown), [shown]);
  return (
    <div className="fleet-gpus" {...holding.props}>
      {blocks.map((block) => (
        <BlockView key={block.cluster?.id ?? "all"} block={block} map={shown} onPoint={setPointed} />
      ))}
      {pointed ? <GpuTip map={shown} {...pointed} /> : null}
    </div>
  );
}

function Legend() {
  return (
    <ul className="plain fleet-legend" aria-label="What the cells mean">
      {SHADES.map((shade) => (
        <li key={shade}>
          <Sample className={`fleet-gpu-${shade}`} />
          {SHADE_NAMES[shade]}
        </li>
      ))}
      <li>
        <Sample className="fleet-gpu-unknown" />
        not known
      </li>
      <li>
        <Sample className="fleet-gpu-1" mark="fleet-gpu-raised" />
        over a threshold
      </li>
      <li>
        <Sample className="fleet-gpu-error" cross />
        lost or with an error
      </li>
    </ul>
  );
}

const CELL = "M1 1h12v12h-12z";

const Sample = ({ className, mark, cross = false }: { className: string; mark?: string; cross?: boolean }) => (
  <svg className="fleet-gpu-sample" viewBox="0 0 14 14" aria-hidden="true">
    <path className={className} d={CELL} />
    {mark ? <path className={mark} d={CELL} /> : null}
    {cross ? <path className="fleet-gpu-cross" d="M4 4l6 6m0-6l-6 6" /> : null}
  </svg>
);
