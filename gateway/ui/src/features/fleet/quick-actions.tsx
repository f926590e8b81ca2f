import { BellIcon, ChartLineIcon, ListIcon, PlusCircleIcon } from "@patternfly/react-icons";

import { LinkButton } from "@/components/link-button";
import { heard } from "@/features/fleet/firing";

/** What people come here to do. */
export function QuickActions() {
  return (
    <>
      <LinkButton to="/alerts" search={heard({ severity: "CRITICAL" })} icon={BellIcon} variant="secondary">
        Critical alerts
      </LinkButton>
      <LinkButton to="/observability/metrics" icon={ChartLineIcon} variant="secondary">
        Ask metrics
      </LinkButton>
      <LinkButton to="/events" icon={ListIcon} variant="secondary">
        Event log
      </LinkButton>
      <LinkButton to="/clusters/add" icon={PlusCircleIcon}>
        Add a cluster
      </LinkButton>
    </>
  );
}
