import { isLost, isMarked, placeOf, type Row } from "@/features/gpu/map/fleet";
import type { Layout } from "@/features/gpu/map/layout";
import { MARKS } from "@/features/gpu/search";
import { celsius, percent, watts } from "@/features/gpu/values";
import { MARK_WORDS } from "@/features/gpu/map/mark-words";
import type { GpuMap } from "@/generated/api.schemas";
import { lasting } from "@/lib/time";

/** No wider and no higher than that. */
const WIDTH = 300;
const HEIGHT = 170;
const GAP = 6;

interface TipProps {
  map: GpuMap;
  row: Row;
  layout: Layout;
  cell: number;
}

/** What a cell stands for, beside it. */
export function Tip({ map, row, layout: { x, y, pitch, width, height }, cell }: TipProps) {
  const { clusterName, node, gpu, model } = placeOf(map, row);
  const [left, top] = [x[cell]!, y[cell]!];
  const above = top > HEIGHT && top > height / 2;
  const place = {
    insetInlineStart: Math.max(0, Math.min(left, width - WIDTH)),
    ...(above ? { insetBlockEnd: `calc(100% - ${top - GAP}px)` } : { insetBlockStart: top + pitch + GAP }),
  };
  return (
    <div className="gpu-tip" style={place} aria-hidden="true">
      <strong className="gpu-tip-name">
        {node} · {gpu === null ? "GPU" : `GPU ${gpu}`}
      </strong>
      <div className="quiet">
        {clusterName} · {model}
      </div>
      {isLost(row) ? null : (
        <dl className="gpu-tip-values numbers">
          <Value name="Busy" value={percent(row[3])} />
          <Value name="Memory" value={percent(row[4])} />
          <Value name="Temperature" value={celsius(row[5])} />
          <Value name="Power" value={row[6] === null ? watts(row[7]) : `${watts(row[7])}, ${percent(row[6])} of its limit`} />
        </dl>
      )}
      {marksOf(map, row).map((said) => (
        <div key={said}>{said}</div>
      ))}
    </div>
  );
}

const Value = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function marksOf(map: GpuMap, row: Row): string[] {
  const shown = MARKS.filter((mark) => isMarked(map, row, mark)).filter(
    (mark, _, all) => mark !== "idle" || !all.includes("wasted"),
  );
  const age = map.nodes[row[0]]![2];
  return shown.map((mark) => (mark === "stale" ? `Last sample ${lasting(age * 1000)} ago` : MARK_WORDS[mark]));
}

/** The same for those who hear it. */
export function told(map: GpuMap, row: Row): string {
  const { clusterName, node, gpu, model } = placeOf(map, row);
  const where = `${gpu === null ? "GPU" : `GPU ${gpu}`} of ${node}, ${clusterName}, ${model}`;
  const values = `${percent(row[3])} busy, memory ${percent(row[4])}, ${celsius(row[5])}, ${watts(row[7])}`;
  return [isLost(row) ? where : `${where}: ${values}`, ...marksOf(map, row)].join(". ");
}
