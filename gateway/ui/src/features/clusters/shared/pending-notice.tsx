import { Alert } from "@patternfly/react-core";

import { PageLink } from "@/lib/place";

/** The hub has taken a change, but has not finished it in the time that one waits for it. */
export function PendingNotice() {
  return (
    <Alert isInline component="p" variant="info" title="Taken, but not finished yet">
      The hub goes on with it by itself. What comes of it shows in the{" "}
      <PageLink to="/clusters">list of clusters</PageLink> and in the{" "}
      <PageLink to="/events">events</PageLink>.
    </Alert>
  );
}
