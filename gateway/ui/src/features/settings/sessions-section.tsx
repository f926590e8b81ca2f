import { Button, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { useState } from "react";

import { Failure, InlineFailure, Loading } from "@/components/states";
import { Section } from "@/features/settings/section";
import { EndDialog, EndOthersDialog } from "@/features/settings/sessions/end-dialog";
import { SessionRow } from "@/features/settings/sessions/session-row";
import { useSessions } from "@/features/settings/sessions/use-sessions";
import type { SessionView } from "@/generated/api.schemas";
import { useLogOut } from "@/lib/log-out";
import { useRights } from "@/lib/rights";

/** In which browsers somebody is logged in; administrators of everything see those of everybody too. */
export function SessionsSection() {
  const { rules } = useRights();
  const [wanted, setWanted] = useState(false);
  const [ending, setEnding] = useState<SessionView | "others">();
  const everybody = rules && wanted;
  const sessions = useSessions(everybody);
  const leaving = useLogOut();
  const all = sessions.data?.pages.flatMap(({ items }) => items);
  const close = () => setEnding(undefined);
  return (
    <Section title={everybody ? "Who is logged in" : "Where you are logged in"}>
      <div className="toolbar">
        {rules ? (
          <ToggleGroup aria-label="Whose logins">
            <ToggleGroupItem text="Yours" isSelected={!everybody} onChange={() => setWanted(false)} />
            <ToggleGroupItem text="Everybody's" isSelected={everybody} onChange={() => setWanted(true)} />
          </ToggleGroup>
        ) : (
          <p className="hint">End those that you do not know.</p>
        )}
        {!everybody && all?.some(({ current }) => !current) ? (
          <Button className="toolbar-end" variant="secondary" onClick={() => setEnding("others")}>
            End all others
          </Button>
        ) : null}
      </div>
      {all === undefined ? (
        sessions.error ? (
          <Failure error={sessions.error} what="The logins" onRetry={() => void sessions.refetch()} />
        ) : (
          <Loading lines={3} label="Loading the logins" />
        )
      ) : (
        <>
          {sessions.error ? <InlineFailure error={sessions.error} what="The logins could not be read again" /> : null}
          {leaving.error ? <InlineFailure error={leaving.error} what="You are still logged in" /> : null}
          {all.length === 0 ? <NoLogins everybody={everybody} /> : null}
          <ul className="plain" aria-label="Logins">
            {all.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                everybody={everybody}
                isEnding={session.current && leaving.isPending}
                onEnd={(one) => (one.current ? leaving.mutate("here") : setEnding(one))}
              />
            ))}
          </ul>
          {sessions.hasNextPage ? (
            <div>
              <Button
                variant="link"
                isInline
                isLoading={sessions.isFetchingNextPage}
                onClick={() => void sessions.fetchNextPage()}
              >
                Show older ones
              </Button>
            </div>
          ) : null}
        </>
      )}
      {ending === "others" ? <EndOthersDialog onClose={close} /> : ending ? <EndDialog session={ending} onClose={close} /> : null}
    </Section>
  );
}

function NoLogins({ everybody }: { everybody: boolean }) {
  return (
    <p className="quiet">
      {everybody ? "Nobody is logged in in a browser." : "The hub knows you without a login: there is none to end."}
    </p>
  );
}
