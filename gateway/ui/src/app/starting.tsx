import { Bullseye, EmptyState, EmptyStateBody, Spinner } from "@patternfly/react-core";

import { useLater } from "@/lib/later";

/** Before the hub has said who is here; it says nothing for a moment, as that is all it takes mostly. */
export function Starting({ failure }: { failure: Error | null | undefined }) {
  const late = useLater(200);
  if (!late) return null;
  return (
    <Bullseye style={{ minHeight: "100vh" }}>
      <EmptyState
        headingLevel="h1"
        icon={Spinner}
        titleText={failure ? "The hub does not answer" : "Connecting to the hub"}
      >
        <EmptyStateBody>
          {failure ? (
            <>
              This page tries again every two seconds. Is <code>aiops up</code> running?
            </>
          ) : null}
        </EmptyStateBody>
      </EmptyState>
    </Bullseye>
  );
}
