import { NearButton } from "@/components/neighbourhood/near-link";
import { Ago } from "@/components/timestamp";
import { Processes } from "@/features/gpu/node/processes";
import { reasonOf } from "@/features/gpu/reasons";
import { byteRate, celsius, known, mebibytes, megahertz, NOT_KNOWN, outOf, percent, watts } from "@/features/gpu/values";
import type { GpuView, MigInstance } from "@/generated/api.schemas";

/** All that is known of one GPU, and what is not. */
export function GpuFacts({ gpu, cluster }: { gpu: GpuView; cluster: string }) {
  return (
    <div className="gpu-facts">
      <NearButton of={{ kind: "gpu", cluster, name: gpu.uuid }} />
      <Processes processes={gpu.processes ?? []} cluster={cluster} />
      {gpu.mig && gpu.mig.length > 0 ? <Mig instances={gpu.mig} /> : null}
      <dl className="gpu-known">
        {factsOf(gpu).map(([name, value]) => (
          <div key={name} className={WIDE.has(name) ? "is-wide" : undefined}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const WIDE: ReadonlySet<string> = new Set(["Clocks held back", "Last XID", "UUID"]);

const dim = (text: string) => (text === NOT_KNOWN ? <span className="quiet">{text}</span> : <span className="numbers">{text}</span>);

function factsOf(gpu: GpuView) {
  return [
    ["Memory", dim(outOf(gpu.memory_used_mb, gpu.memory_total_mb, mebibytes))],
    ["Power", dim(outOf(gpu.power_draw_watts, gpu.power_limit_watts, watts))],
    ["SM clock", dim(megahertz(gpu.sm_clock_mhz))],
    ["Memory clock", dim(megahertz(gpu.memory_clock_mhz))],
    ["Memory temperature", dim(celsius(gpu.memory_temperature_celsius))],
    ["Memory bandwidth", dim(percent(gpu.utilization_memory_percent))],
    ["Fan", dim(percent(gpu.fan_speed_percent))],
    ["NVLink", dim(byteRate(gpu.nvlink_bytes_per_second))],
    ["NVLink errors", dim(known(gpu.nvlink_errors))],
    ["Uncorrected memory errors", dim(known(gpu.ecc_uncorrected))],
    ["MIG", dim(gpu.mig_enabled === null || gpu.mig_enabled === undefined ? NOT_KNOWN : gpu.mig_enabled ? "on" : "off")],
    ["Driver", dim([gpu.driver_version ?? NOT_KNOWN, gpu.cuda_version ? `CUDA ${gpu.cuda_version}` : ""].filter(Boolean).join(" · "))],
    ["Clocks held back", dim(throttling(gpu.throttle_reasons))],
    ["Last XID", <LastXid key="xid" gpu={gpu} />],
    ["UUID", <span key="uuid" className="mono gpu-uuid">{gpu.uuid}</span>],
  ] as const;
}

function throttling(reasons: readonly string[] | null | undefined): string {
  if (reasons === null || reasons === undefined) return NOT_KNOWN;
  return reasons.length === 0 ? "no" : reasons.map((name) => reasonOf(name).words).join(", ");
}

function LastXid({ gpu: { xid, last_xid: told } }: { gpu: GpuView }) {
  if (told === null) return dim(xid === null || xid === undefined ? NOT_KNOWN : xid === 0 ? "none" : String(xid));
  return (
    <span>
      <span className="numbers">{told.xid}</span>: {told.description ?? "not on NVIDIA's list"},{" "}
      <Ago at={told.at} />
    </span>
  );
}

function Mig({ instances }: { instances: readonly MigInstance[] }) {
  return (
    <div className="gpu-rows" tabIndex={0} role="group" aria-label="MIG instances">
      <table>
        <caption>MIG instances</caption>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">Profile</th>
            <th scope="col">Busy</th>
            <th scope="col">Memory</th>
          </tr>
        </thead>
        <tbody>
          {instances.map((each) => (
            <tr key={each.gpu_instance_id}>
              <th scope="row">{each.gpu_instance_id}</th>
              <td>{each.profile ?? dim(NOT_KNOWN)}</td>
              <td>{dim(percent(each.utilization_gpu_percent))}</td>
              <td>{dim(outOf(each.memory_used_mb, each.memory_total_mb, mebibytes))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
