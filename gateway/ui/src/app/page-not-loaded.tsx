import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "@patternfly/react-core";
import { ExclamationCircleIcon } from "@patternfly/react-icons";
import { useEffect } from "react";

import { renew } from "@/app/renewed";

const AGAIN_MS = 2_000;

/** In place of a page whose script has not come; it is loaded anew as soon as the hub is there. */
export function PageNotLoaded() {
  useEffect(() => {
    void renew();
    const timer = setInterval(() => void renew(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <EmptyState headingLevel="h1" icon={ExclamationCircleIcon} status="warning" titleText="This page could not be loaded">
      <EmptyStateBody>The hub does not answer, or it was just upgraded. The page loads anew by itself once the hub is there.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={() => location.reload()}>
            Load everything anew now
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
