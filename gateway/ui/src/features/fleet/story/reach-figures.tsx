import { ClusterIcon, CubeIcon, CubesIcon, MicrochipIcon, NamespacesIcon, ServerIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { reachInFigures, type Reached } from "@/components/causes/words";
import type { IncidentReach } from "@/generated/api.schemas";

const ICONS: Readonly<Record<Reached, ComponentType>> = {
  clusters: ClusterIcon,
  nodes: ServerIcon,
  gpus: MicrochipIcon,
  pods: CubeIcon,
  workloads: CubesIcon,
  namespaces: NamespacesIcon,
};

/** The blast radius: an icon and a number for each kind of thing that it is about. */
export function ReachFigures({ reach }: { reach: IncidentReach }) {
  return (
    <ul className="story-reach" aria-label="What it is about">
      {reachInFigures(reach).map(({ of, said }) => {
        const Icon = ICONS[of];
        return (
          <li key={of}>
            <Icon />
            <span className="numbers">{said}</span>
          </li>
        );
      })}
    </ul>
  );
}
