import {
  CheckCircleIcon,
  ExclamationCircleIcon,
  ExclamationTriangleIcon,
  InfoCircleIcon,
  QuestionCircleIcon,
} from "@patternfly/react-icons";
import type { ComponentType } from "react";

import type { Tone } from "@/components/badges";

const LOOKS: Readonly<Record<Tone, readonly [ComponentType, string]>> = {
  danger: [ExclamationCircleIcon, "Critical"],
  warning: [ExclamationTriangleIcon, "Warning"],
  info: [InfoCircleIcon, "Information"],
  success: [CheckCircleIcon, "Good"],
  neutral: [QuestionCircleIcon, "Unknown"],
};

/** How bad a line is, by shape, colour and, for those who do not see it, a word. */
export function ToneIcon({ tone }: { tone: Tone }) {
  const [Icon, word] = LOOKS[tone];
  return (
    <span className={`fleet-tone tone-${tone}`}>
      <Icon />
      <span className="visually-hidden">{word}:</span>
    </span>
  );
}
