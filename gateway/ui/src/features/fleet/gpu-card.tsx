import { ExclamationCircleIcon, ExclamationTriangleIcon, PauseCircleIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";

import { Badge } from "@/components/badges";
import { Card, Part } from "@/features/fleet/card";
import { useGpus } from "@/features/fleet/hardware";
import { thresholdsPlace } from "@/features/fleet/hardware-changes";
import { useGetFleetSummary } from "@/generated/api";
import type { FleetSummary, GpuSummary } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const COUNTED = ["CLUSTER_REGISTERED", "CLUSTER_DELETED", "CLUSTER_CAPABILITIES_CHANGED"];

/** How many GPUs there are and how busy they are; where none is sampled, how many discovery has found. */
export function GpuCard() {
  const asOf = useAsOf();
  const { data: sampled, error } = useGpus();
  const { data: found } = useGetFleetSummary(asOf, { query: { placeholderData: keepPreviousData } });
  useRefreshOn({ types: COUNTED, enabled: asOf.as_of === undefined }, ["/api/v1/fleet/summary"], 1_000);
  if (sampled !== undefined && sampled.nodes > 0) return <Sampled of={sampled} />;
  const known = found?.gpu_count ?? null;
  return (
    <Card title="GPUs" figure={known === null ? "–" : count(known)} place={{ to: "/gpu" }}>
      <span className="quiet">
        {error ? "Their samples could not be read" : sampled === undefined || found === undefined ? "" : notSampled(found)}
      </span>
    </Card>
  );
}

function notSampled({ gpu_count: known, gpu_clusters: on }: FleetSummary): string {
  if (known === null) return "Not known: no cluster was looked into yet";
  return known === 0 ? "None was found" : `found on ${plural(on ?? 0, "cluster")}, not sampled yet`;
}

function Sampled({ of }: { of: GpuSummary }) {
  const { gpus, lost, errors, raised, wasted, by_cluster, utilization_gpu_percent: busy } = of;
  const over = Object.values(raised).reduce((sum, each) => sum + each, 0);
  return (
    <Card title="GPUs" figure={count(gpus)} place={{ to: "/gpu" }}>
      {busy === null ? (
        <span className="quiet">How busy they are is not known</span>
      ) : (
        <span className="fleet-part">
          <span className="fleet-meter" aria-hidden="true">
            <span style={{ inlineSize: `${busy}%` }} />
          </span>
          <span>
            <strong className="numbers">{Math.round(busy)} %</strong> busy
          </span>
        </span>
      )}
      <span className="quiet numbers">on {plural(by_cluster.length, "cluster")}</span>
      {lost > 0 ? (
        <Part place={{ to: "/gpu", search: { show: "lost" } }} figure={lost}>
          <Badge tone="danger" icon={ExclamationCircleIcon}>
            Lost
          </Badge>
        </Part>
      ) : null}
      {errors > 0 ? (
        <Part place={{ to: "/gpu", search: { show: "error" } }} figure={errors}>
          <Badge tone="danger" icon={ExclamationCircleIcon}>
            With an error
          </Badge>
        </Part>
      ) : null}
      {over > 0 ? (
        <Part place={thresholdsPlace()} figure={over}>
          <Badge tone="warning" icon={ExclamationTriangleIcon}>
            {over === 1 ? "Threshold crossed" : "Thresholds crossed"}
          </Badge>
        </Part>
      ) : null}
      {wasted > 0 ? (
        <Part place={{ to: "/gpu", search: { show: "wasted" } }} figure={wasted}>
          <Badge tone="neutral" icon={PauseCircleIcon}>
            Allocated but idle
          </Badge>
        </Part>
      ) : null}
    </Card>
  );
}
