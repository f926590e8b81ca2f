import { CheckCircleIcon, ExclamationCircleIcon, HourglassHalfIcon, MinusCircleIcon } from "@patternfly/react-icons";

import { Badge, type Tone } from "@/components/badges";
import { Facts } from "@/components/facts";
import type { Outcome } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

const SAID: Readonly<Record<Outcome["outcome"], readonly [string, Tone, typeof CheckCircleIcon]>> = {
  accepted: ["Done", "success", CheckCircleIcon],
  refused: ["Refused", "warning", MinusCircleIcon],
  failed: ["Failed", "danger", ExclamationCircleIcon],
  pending: ["Under way", "info", HourglassHalfIcon],
};

/** What became of a command. */
export function OutcomeFacts({ outcome }: { outcome: Outcome }) {
  const { command_id, id, version, sequence, code, message, details = {} } = outcome;
  const [said, tone, icon] = SAID[outcome.outcome];
  return (
    <Facts
      of={[
        [
          "Outcome",
          <Badge key="outcome" tone={tone} icon={icon}>
            {said}
          </Badge>,
        ],
        ["Why", message ?? undefined],
        ["Code", code ? <code>{code}</code> : undefined],
        ["Acted on", id ? <code className="ops-id">{id}</code> : undefined],
        ["Its version", version ?? undefined],
        [
          "Last event",
          sequence === null || sequence === undefined ? undefined : (
            <PageLink to="/events" search={{ event: sequence }}>
              Event {sequence}
            </PageLink>
          ),
        ],
        [
          "Details",
          Object.keys(details).length === 0 ? undefined : (
            <pre className="ops-body" tabIndex={0} role="region" aria-label="Details">
              {JSON.stringify(details, null, 2)}
            </pre>
          ),
        ],
        ["Command", <code key="command" className="ops-id">{command_id}</code>],
      ]}
    />
  );
}
