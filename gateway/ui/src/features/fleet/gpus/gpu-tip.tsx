import type { Pointed } from "@/features/fleet/gpus/block-view";
import { markOf, type Mark } from "@/features/fleet/gpus/picture";
import type { GpuMap } from "@/generated/api.schemas";

const WIDTH = 320;
const ROOM = 110;
const GAP = 14;

const WORDS: Readonly<Record<Mark, string>> = {
  lost: "It has disappeared",
  error: "It reports an error",
  raised: "Over a threshold",
};

/** Which GPU is under the pointer, and how it is. */
export function GpuTip({ map, row, x, y }: Pointed & { map: GpuMap }) {
  const [, index, model, busy, memory, temperature, , watts] = row;
  const [cluster, node, , stale] = map.nodes[row[0]]!;
  const mark = markOf(row);
  const place = {
    left: Math.max(8, Math.min(x + GAP, window.innerWidth - WIDTH - 8)),
    ...(y + ROOM > window.innerHeight ? { bottom: window.innerHeight - y + GAP } : { top: y + GAP }),
  };
  return (
    <div className="fleet-tip" style={place} aria-hidden="true">
      <strong className="fleet-tip-name">
        GPU {index ?? "?"} on {node}
      </strong>
      <div className="quiet">
        {map.clusters[cluster]!.name}, {map.models[model]?.replace(/^NVIDIA /, "") ?? "model not known"}
      </div>
      <div className="fleet-tip-facts numbers">
        <span>{known(busy, "% busy")}</span>
        <span>{known(memory, "% memory")}</span>
        <span>{known(temperature, "°C")}</span>
        <span>{known(watts, "W")}</span>
      </div>
      {mark ? <strong>{WORDS[mark]}</strong> : null}
      {stale ? <div>Its node is not sampled any more: this is how it was.</div> : null}
    </div>
  );
}

const known = (value: number | null, unit: string) => `${value === null ? "?" : Math.round(value)} ${unit}`;
