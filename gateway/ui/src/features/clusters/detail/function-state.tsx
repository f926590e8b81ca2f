import {
  CheckCircleIcon,
  ExclamationCircleIcon,
  ExclamationTriangleIcon,
  QuestionCircleIcon,
} from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { Badge, type Tone } from "@/components/badges";
import { title } from "@/lib/format";

const TONES: Readonly<Record<string, Tone>> = {
  FREERUN: "danger",
  FAILED: "danger",
  CRASHING: "danger",
  HOLDOVER: "warning",
  EXHAUSTED: "warning",
  DROPPING: "warning",
  NOT_READY: "warning",
  PENDING: "warning",
  UNKNOWN: "neutral",
};
const ICONS: Readonly<Record<Tone, ComponentType>> = {
  danger: ExclamationCircleIcon,
  warning: ExclamationTriangleIcon,
  success: CheckCircleIcon,
  neutral: QuestionCircleIcon,
  info: CheckCircleIcon,
};

/** As on the page of network functions. */
const WORDS: Readonly<Record<string, string>> = { OK: "No drops", EXHAUSTED: "None free" };

/** The state of a workload, a clock, a resource or a port. */
export function FunctionState({ state }: { state: string }) {
  const tone = TONES[state] ?? "success";
  return (
    <Badge tone={tone} icon={ICONS[tone]}>
      {WORDS[state] ?? title(state)}
    </Badge>
  );
}
