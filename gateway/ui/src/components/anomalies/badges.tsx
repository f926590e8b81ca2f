import { ExclamationCircleIcon, ExclamationTriangleIcon, InfoCircleIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { TONES } from "@/components/anomalies/words";
import { Badge } from "@/components/badges";
import type { AnomalySeverity } from "@/generated/api.schemas";
import { title } from "@/lib/format";

const ICONS: Readonly<Record<AnomalySeverity, ComponentType>> = {
  HIGH: ExclamationCircleIcon,
  MEDIUM: ExclamationTriangleIcon,
  LOW: InfoCircleIcon,
};

export function AnomalySeverityBadge({ severity }: { severity: AnomalySeverity }) {
  return (
    <Badge tone={TONES[severity]} icon={ICONS[severity]}>
      {title(severity)}
    </Badge>
  );
}
