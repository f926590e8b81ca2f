import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";

import { PageLink } from "@/lib/place";

export function NotFound() {
  return (
    <EmptyState headingLevel="h1" icon={SearchIcon} titleText="There is no such page">
      <EmptyStateBody>The address may be mistyped, or from another version of the hub.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <PageLink to="/">Go to the fleet</PageLink>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
