/** A silence in words. */

import { BellSlashIcon, HistoryIcon, HourglassHalfIcon } from "@patternfly/react-icons";

import { Badge } from "@/components/badges";
import type { ClusterSilence, SilenceMatcher, SilenceState } from "@/generated/api.schemas";
import { title } from "@/lib/format";

/** `pod=~"api-.*"`, as Prometheus writes it. */
export function matcherOf({ name, value, is_equal, is_regex }: SilenceMatcher): string {
  const sign = is_equal ? (is_regex ? "=~" : "=") : is_regex ? "!~" : "!=";
  return `${name}${sign}${JSON.stringify(value)}`;
}

export const matchersOf = ({ matchers }: Pick<ClusterSilence, "matchers">): string =>
  matchers.map(matcherOf).join(", ");

const LOOKS = {
  ACTIVE: ["info", BellSlashIcon],
  PENDING: ["warning", HourglassHalfIcon],
  EXPIRED: ["neutral", HistoryIcon],
} as const;

export function SilenceStateBadge({ state }: { state: SilenceState }) {
  const [tone, icon] = LOOKS[state];
  return (
    <Badge tone={tone} icon={icon}>
      {state === "PENDING" ? "Begins later" : state === "EXPIRED" ? "Ended" : title(state)}
    </Badge>
  );
}

/** Labels that find the same alerts, where the silence names them plainly. */
export function labelsOf({ matchers }: Pick<ClusterSilence, "matchers">): string[] | undefined {
  const plain = matchers.every(({ is_equal, is_regex, value }) => is_equal && !is_regex && value !== "");
  return plain ? matchers.map(({ name, value }) => `${name}=${value}`) : undefined;
}
