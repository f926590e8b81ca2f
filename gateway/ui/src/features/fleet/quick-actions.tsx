import { BellIcon, ChartLineIcon, ListIcon, PlusCircleIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { heard } from "@/features/fleet/firing";
import { PageLink, type Path } from "@/lib/place";

interface ActionProps {
  to: Path;
  search?: object;
  icon: ComponentType;
  look?: "primary" | "secondary";
  children: string;
}

/** A link that looks like a button. */
export function ActionLink({ to, search = {}, icon: Icon, look = "secondary", children }: ActionProps) {
  return (
    <PageLink to={to} search={search} className={`pf-v6-c-button pf-m-${look}`}>
      <span className="pf-v6-c-button__icon pf-m-start">
        <Icon />
      </span>
      <span className="pf-v6-c-button__text">{children}</span>
    </PageLink>
  );
}

/** What people come here to do. */
export function QuickActions() {
  return (
    <>
      <ActionLink to="/alerts" search={heard({ severity: "CRITICAL" })} icon={BellIcon}>
        Critical alerts
      </ActionLink>
      <ActionLink to="/observability/metrics" icon={ChartLineIcon}>
        Ask metrics
      </ActionLink>
      <ActionLink to="/events" icon={ListIcon}>
        Event log
      </ActionLink>
      <ActionLink to="/clusters/add" icon={PlusCircleIcon} look="primary">
        Add a cluster
      </ActionLink>
    </>
  );
}
