/** What a cluster can do, as icons with words. */

import {
  BellIcon,
  ChartLineIcon,
  ConnectedIcon,
  ListIcon,
  MicrochipIcon,
  NetworkIcon,
  RouteIcon,
} from "@patternfly/react-icons";
import type { ComponentType } from "react";

import type { CapabilitiesView } from "@/generated/api.schemas";

type Ability = readonly [ComponentType, (has: CapabilitiesView) => string | undefined];

const ABILITIES: readonly Ability[] = [
  [ChartLineIcon, (has) => (has.has_thanos ? "Metrics (Thanos)" : has.has_prometheus ? "Metrics (Prometheus)" : undefined)],
  [ListIcon, (has) => (has.has_loki ? "Logs (Loki)" : undefined)],
  [RouteIcon, (has) => (has.has_tempo ? "Traces (Tempo)" : undefined)],
  [BellIcon, (has) => (has.has_alertmanager ? "Alerts (Alertmanager)" : undefined)],
  [MicrochipIcon, (has) => (has.has_gpu_nodes ? `GPUs (${has.gpu_count})` : undefined)],
  [NetworkIcon, (has) => (has.has_cnf_workloads ? `Network functions (${has.cnf_types.join(", ")})` : undefined)],
  [ConnectedIcon, (has) => (has.has_service_mesh ? "Service mesh" : undefined)],
];

export function Abilities({ of, words = false }: { of: CapabilitiesView | null; words?: boolean }) {
  if (of === null) return <span className="quiet">not looked at yet</span>;
  const found = ABILITIES.flatMap(([icon, name]) => {
    const text = name(of);
    return text === undefined ? [] : [{ text, icon }];
  });
  if (found.length === 0) return <span className="quiet">none found</span>;
  return (
    <ul className={words ? "clusters-abilities plain has-words" : "clusters-abilities plain"}>
      {found.map(({ text, icon: Icon }) => (
        <li key={text} title={text}>
          <Icon />
          <span className={words ? undefined : "visually-hidden"}>{text}</span>
        </li>
      ))}
    </ul>
  );
}
