import { BellIcon, ChartLineIcon, ListIcon, PlusCircleIcon } from "@patternfly/react-icons";

import { LinkButton } from "@/components/link-button";
import { heard } from "@/features/fleet/firing";
import { useRights } from "@/lib/rights";

/** What people come here to do. */
export function QuickActions() {
  const { rules } = useRights();
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
      {rules ? (
        <LinkButton to="/clusters/add" icon={PlusCircleIcon}>
          Add a cluster
        </LinkButton>
      ) : null}
    </>
  );
}
