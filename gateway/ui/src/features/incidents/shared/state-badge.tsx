import { CheckCircleIcon, FireIcon, UserCheckIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { Badge, type Tone } from "@/components/badges";
import type { IncidentState } from "@/generated/api.schemas";
import { title } from "@/lib/format";

const LOOKS: Readonly<Record<IncidentState, readonly [Tone, ComponentType]>> = {
  // Red is for what is critical: how bad it is stands beside it.
  OPEN: ["warning", FireIcon],
  ACKNOWLEDGED: ["info", UserCheckIcon],
  RESOLVED: ["success", CheckCircleIcon],
};

export function IncidentStateBadge({ state }: { state: IncidentState }) {
  const [tone, icon] = LOOKS[state];
  return (
    <Badge tone={tone} icon={icon}>
      {title(state)}
    </Badge>
  );
}
