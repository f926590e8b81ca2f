import { Bullseye, EmptyState, EmptyStateBody, Spinner } from "@patternfly/react-core";

import { Unreachable } from "@/lib/http";
import { useLater } from "@/lib/later";

/** Before the hub has said who is here; it says nothing for a moment, as that is all it takes mostly. */
export function Starting({ failure }: { failure: Error | null | undefined }) {
  const late = useLater(200);
  if (!late) return null;
  const away = failure instanceof Unreachable;
  return (
    <Bullseye style={{ minHeight: "100vh" }}>
      <EmptyState
        headingLevel="h1"
        icon={Spinner}
        titleText={
          !failure ? "Connecting to the hub" : away ? "The hub does not answer" : "The hub cannot say who you are"
        }
      >
        {failure ? (
          <EmptyStateBody>
            {away ? (
              <>
                Is <code>aiops up</code> running?
              </>
            ) : (
              failure.message
            )}{" "}
            This page tries again every two seconds.
          </EmptyStateBody>
        ) : null}
      </EmptyState>
    </Bullseye>
  );
}
