import { heatShare } from "@/features/gpu/meter";
import { slowedBy } from "@/features/gpu/reasons";
import { celsius, gpuName, percent, share, watts } from "@/features/gpu/values";
import type { GpuView } from "@/generated/api.schemas";

/** More have no room in a row: they are counted, and the drawer has all. */
const MOST = 8;

/** Each GPU of a node as four small bars: utilisation, memory, temperature, power. */
export function GpuBars({ gpus }: { gpus: readonly GpuView[] }) {
  return (
    <span className="gpu-bars">
      {gpus.slice(0, MOST).map((gpu) => (
        <OneGpu key={gpu.uuid} gpu={gpu} />
      ))}
      {gpus.length > MOST ? <span className="hint">+{gpus.length - MOST}</span> : null}
    </span>
  );
}

function OneGpu({ gpu }: { gpu: GpuView }) {
  const said = told(gpu);
  const wrong = gpu.raised.length > 0 || gpu.error;
  return (
    <span className={wrong ? "gpu-glyph is-wrong" : gpu.wasted ? "gpu-glyph is-wasted" : "gpu-glyph"} title={said}>
      <Bar of={gpu.utilization_gpu_percent} />
      <Bar of={share(gpu.memory_used_mb, gpu.memory_total_mb)} />
      <Bar of={heatShare(gpu.temperature_celsius)} hue="heat" />
      <Bar of={share(gpu.power_draw_watts, gpu.power_limit_watts)} />
      <span className="visually-hidden">{said}. </span>
    </span>
  );
}

function Bar({ of, hue = "load" }: { of: number | null | undefined; hue?: "load" | "heat" }) {
  const known = of !== null && of !== undefined;
  return (
    <span className={known ? `gpu-bar is-${hue}` : "gpu-bar is-unknown"} aria-hidden="true">
      {known ? <span style={{ blockSize: `${Math.max(4, Math.min(100, of))}%` }} /> : null}
    </span>
  );
}

/** `GPU 3: 98 % busy, memory 71 %, 84 °C, 690 W; slowed down: power limit reached`. */
export function told(gpu: GpuView): string {
  const values = [
    `${percent(gpu.utilization_gpu_percent)} busy`,
    `memory ${percent(share(gpu.memory_used_mb, gpu.memory_total_mb))}`,
    celsius(gpu.temperature_celsius),
    watts(gpu.power_draw_watts),
  ].join(", ");
  const slow = slowedBy(gpu.throttle_reasons);
  return [
    `${gpuName(gpu.index, gpu.uuid)}: ${values}`,
    ...(gpu.error ? [gpu.error] : []),
    ...(gpu.wasted ? ["allocated but idle"] : []),
    ...(slow.length > 0 ? [`slowed down: ${slow.join(", ")}`] : []),
  ].join("; ");
}
