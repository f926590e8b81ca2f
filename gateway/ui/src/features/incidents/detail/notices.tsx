/** What is to be said of the incident before anything else. */

import { Alert, AlertActionLink } from "@patternfly/react-core";

import { InlineFailure } from "@/components/states";
import { isConflict, NOT_DONE, wentInto, type What } from "@/features/incidents/detail/change";
import type { IncidentDetail } from "@/generated/api.schemas";
import { useAsOf, useClock } from "@/lib/moment";
import { PageLink } from "@/lib/place";

export function Notices({ incident: { merged_into, redacted, resolved_at } }: { incident: IncidentDetail }) {
  const clock = useClock();
  return (
    <>
      {merged_into !== null ? (
        <Alert isInline component="p" variant="info" title="This incident has ended in another one">
          {resolved_at === null ? "" : `Since ${clock(resolved_at)} its `}
          {resolved_at === null ? "Its " : ""}signals belong to{" "}
          <PageLink to={`/incidents/${merged_into}`}>the incident that it was merged into</PageLink>.
        </Alert>
      ) : null}
      {redacted ? (
        <Alert isInline component="p" variant="info" title="You see a part of this incident">
          It is also about clusters that you do not see. Its signals on yours are shown and counted; reasons that may
          tell of the others are not.
        </Alert>
      ) : null}
    </>
  );
}

interface RefusedProps {
  error: Error;
  what: What;
  onAgain: () => void;
}

/** Why something was not done, and what to do then. */
export function NotDone({ error, what, onAgain }: RefusedProps) {
  const into = wentInto(error);
  if (!isConflict(error)) {
    return (
      <div className="incidents-not-done">
        <InlineFailure error={error} what={NOT_DONE[what]} />
        <AlertActionLink onClick={onAgain}>Try again</AlertActionLink>
      </div>
    );
  }
  return (
    <Alert isInline component="p" variant="warning" title={`${NOT_DONE[what]}: it has changed meanwhile`}>
      {into === undefined ? (
        `The hub says: ${error.message}. What is shown is how it is now.`
      ) : (
        <>
          It has gone into <PageLink to={`/incidents/${into}`}>another incident</PageLink>.
        </>
      )}
    </Alert>
  );
}

/** Taken, and not seen to be done yet. */
export function Taken() {
  const { as_of } = useAsOf();
  if (as_of !== undefined) return null;
  return (
    <Alert isInline component="p" variant="info" title="Taken, but not finished yet">
      The hub goes on with it by itself. What comes of it shows here as soon as it is done.
    </Alert>
  );
}
