/** States by shape, colour and word: colour alone says nothing to some, and nothing in print. */

import "@/components/badges.css";

import {
  BellIcon,
  BellSlashIcon,
  CheckCircleIcon,
  ExclamationCircleIcon,
  ExclamationTriangleIcon,
  HourglassHalfIcon,
  InfoCircleIcon,
  PendingIcon,
  QuestionCircleIcon,
} from "@patternfly/react-icons";
import type { ComponentType } from "react";

import type { AlertState, ClusterState, Severity } from "@/generated/api.schemas";
import { title } from "@/lib/format";

export type Tone = "danger" | "warning" | "info" | "success" | "neutral";
type Look = readonly [Tone, ComponentType];

const SEVERITIES: Readonly<Record<Severity, Look>> = {
  CRITICAL: ["danger", ExclamationCircleIcon],
  WARNING: ["warning", ExclamationTriangleIcon],
  INFO: ["info", InfoCircleIcon],
};
const CLUSTERS: Readonly<Record<ClusterState, Look>> = {
  ONLINE: ["success", CheckCircleIcon],
  DEGRADED: ["warning", ExclamationTriangleIcon],
  OFFLINE: ["danger", ExclamationCircleIcon],
  UNKNOWN: ["neutral", QuestionCircleIcon],
  PROVISIONING: ["info", HourglassHalfIcon],
};
const ALERTS: Readonly<Partial<Record<AlertState, Look>>> = {
  // Red is for what is critical: that it fires is what nearly every alert says.
  FIRING: ["neutral", BellIcon],
  PENDING: ["warning", PendingIcon],
  RESOLVED: ["success", CheckCircleIcon],
};

/** A word with its shape and colour. */
export function Badge({ tone, icon: Icon, children }: { tone: Tone; icon: ComponentType; children: string }) {
  return (
    <span className={`badge tone-${tone}`}>
      <Icon />
      <span>{children}</span>
    </span>
  );
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  const [tone, icon] = SEVERITIES[severity];
  return (
    <Badge tone={tone} icon={icon}>
      {title(severity)}
    </Badge>
  );
}

export function ClusterStateBadge({ state }: { state: ClusterState }) {
  const [tone, icon] = CLUSTERS[state];
  return (
    <Badge tone={tone} icon={icon}>
      {title(state)}
    </Badge>
  );
}

export const clusterTone = (state: ClusterState): Tone => CLUSTERS[state][0];

interface AlertStateProps {
  state: AlertState;
  silenced?: boolean;
  inhibited?: boolean;
}

export function AlertStateBadge({ state, silenced = false, inhibited = false }: AlertStateProps) {
  const [tone, icon] = ALERTS[state] ?? ["neutral", QuestionCircleIcon];
  const muted = silenced || inhibited;
  return (
    <Badge tone={muted ? "neutral" : tone} icon={muted ? BellSlashIcon : icon}>
      {title(silenced ? "silenced" : inhibited ? "inhibited" : state)}
    </Badge>
  );
}
