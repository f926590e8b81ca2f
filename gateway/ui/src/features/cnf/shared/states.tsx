/** States of workloads and clocks by shape, colour and word, with since when it is so. */

import {
  CheckCircleIcon,
  CheckIcon,
  ExclamationCircleIcon,
  ExclamationTriangleIcon,
  HourglassHalfIcon,
  PauseCircleIcon,
  QuestionCircleIcon,
} from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { Badge, type Tone } from "@/components/badges";
import type { ShownClock, ShownState } from "@/features/cnf/search";
import { useClock, useNow } from "@/lib/moment";
import { lasting } from "@/lib/time";

type Look = readonly [string, Tone, ComponentType];

export const WORKLOADS: Readonly<Record<ShownState, Look>> = {
  FAILED: ["Failed", "danger", ExclamationCircleIcon],
  CRASHING: ["Crashing", "danger", ExclamationCircleIcon],
  UNKNOWN: ["Unknown", "warning", QuestionCircleIcon],
  PENDING: ["Pending", "warning", HourglassHalfIcon],
  RUNNING: ["Running", "success", CheckCircleIcon],
  SUCCEEDED: ["Completed", "neutral", CheckIcon],
};
export const CLOCKS: Readonly<Record<ShownClock, Look>> = {
  FREERUN: ["Freerun", "danger", ExclamationCircleIcon],
  HOLDOVER: ["Holdover", "warning", PauseCircleIcon],
  UNKNOWN: ["No state", "neutral", QuestionCircleIcon],
  LOCKED: ["Locked", "success", CheckCircleIcon],
};
export const NOT_READY: Look = ["Not ready", "warning", ExclamationTriangleIcon];
export const EXHAUSTED: Look = ["None free", "warning", ExclamationTriangleIcon];
export const DROPPING: Look = ["Drops", "warning", ExclamationTriangleIcon];

/** `since`: null where nothing has been told of it, as of what was well from the first. */
export function StateBadge({ look, since, why }: { look: Look; since?: string | null | undefined; why?: string | null | undefined }) {
  const [said, tone, icon] = look;
  return (
    <span className="cnf-state" title={why ?? undefined}>
      <Badge tone={tone} icon={icon}>
        {said}
      </Badge>
      {since ? <Since at={since} /> : null}
    </span>
  );
}

const MINUTE = 60_000;
/** From a minute on, seconds say nothing. */
const coarse = (age: number) => (age < MINUTE ? age : Math.floor(age / MINUTE) * MINUTE);

/** `12 min`: how long it has been so. */
export function Since({ at }: { at: string }) {
  const now = useNow(10_000);
  const clock = useClock();
  return (
    <time dateTime={at} title={`Since ${clock(at)}`} className="quiet numbers">
      {lasting(coarse(now - Date.parse(at)))}
    </time>
  );
}
