import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "@patternfly/react-core";
import { ExclamationCircleIcon } from "@patternfly/react-icons";

/** A fault of this page; the others go on. */
export function PageCrashed({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <EmptyState
      headingLevel="h1"
      icon={ExclamationCircleIcon}
      status="danger"
      titleText="This page has failed"
    >
      <EmptyStateBody>
        It is a fault of the UI: {String(error)}. Nothing on the hub was changed by it.
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button onClick={reset}>Show the page again</Button>
          <Button variant="link" onClick={() => location.reload()}>
            Load everything anew
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
