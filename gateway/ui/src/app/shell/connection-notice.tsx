import { Alert, AlertActionLink, AlertGroup } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { useLater } from "@/lib/later";
import { live, useLiveState, type Connection } from "@/lib/live";
import { useWallClock } from "@/lib/moment";
import { ago } from "@/lib/time";

/** Short losses are made good unseen; they are told after this long. */
const TOLD_AFTER_MS = 2_000;

/** Says when what is shown may be old, and that it goes on by itself. */
export function ConnectionNotice() {
  const { connection, retryAt } = useLiveState();
  return (
    <AlertGroup isToast isLiveRegion aria-label="Connection">
      {connection === "live" ? null : (
        <Late>
          <Alert
            variant="warning"
            component="p"
            title={connection === "connecting" ? "There is no live connection yet" : "The live connection is lost"}
            actionLinks={<Action connection={connection} />}
          >
            {connection === "refused" ? "The hub refuses it." : <Countdown until={retryAt} />}
          </Alert>
        </Late>
      )}
    </AlertGroup>
  );
}

function Action({ connection }: { connection: Connection }) {
  return connection === "refused" ? (
    <AlertActionLink onClick={() => location.reload()}>Load the page anew</AlertActionLink>
  ) : (
    <AlertActionLink onClick={() => live.check()}>Try now</AlertActionLink>
  );
}

/** Its children, once it has been there for a while. */
function Late({ children }: { children: ReactNode }) {
  return useLater(TOLD_AFTER_MS) ? children : null;
}

function Countdown({ until }: { until: number | undefined }) {
  const now = useWallClock();
  const when = until !== undefined && until > now ? ago(until, now) : "now";
  return <>What you see may be old. Next try {when}; nothing that happens meanwhile is missed.</>;
}
