import { podLogs } from "@/features/gpu/node/queries";
import { ATTRIBUTIONS, mebibytes, NOT_KNOWN } from "@/features/gpu/values";
import type { GpuProcess } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

const isNull = (value: unknown) => value === null || value === undefined;

/** What uses a GPU, and in which pod; what is not known is said to be so. */
export function Processes({ processes, cluster }: { processes: readonly GpuProcess[]; cluster: string }) {
  if (processes.length === 0) return <p className="quiet">No process and no pod is known to use it.</p>;
  return (
    <ul className="plain gpu-processes" aria-label="Who uses it">
      {processes.map((process, place) => (
        <li key={`${process.pid} ${process.pod} ${place}`}>
          <Where process={process} cluster={cluster} />
          <span className={isNull(process.used_memory_mb) ? "quiet" : "numbers"}>
            {isNull(process.used_memory_mb) ? `memory ${NOT_KNOWN}` : mebibytes(process.used_memory_mb)}
          </span>
          <span className="gpu-process-name quiet">
            {process.process_name ?? `process ${NOT_KNOWN}`}
            {isNull(process.pid) ? null : <span className="numbers"> · pid {process.pid}</span>}
            {isNull(process.gpu_instance_id) ? null : ` · MIG instance ${process.gpu_instance_id}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Where({ process, cluster }: { process: GpuProcess; cluster: string }) {
  const { attribution = "UNKNOWN", namespace, pod, container } = process;
  if (attribution !== "POD" || !namespace || !pod) return <span className="quiet gpu-process-where">{ATTRIBUTIONS[attribution]}</span>;
  return (
    <span className="gpu-process-where">
      <span className="quiet">{namespace} / </span>
      {pod}
      {container ? <span className="quiet"> · {container}</span> : null}{" "}
      <PageLink to="/observability/logs" search={podLogs(cluster, namespace, pod)} aria-label={`Logs of ${pod}`}>
        Logs
      </PageLink>
    </span>
  );
}
