import { Dropdown, DropdownItem, DropdownList, MenuToggle } from "@patternfly/react-core";
import { EllipsisVIcon } from "@patternfly/react-icons";
import { useState, type MouseEvent } from "react";

import type { Line } from "@/components/chart/lines";
import { useGo, useHref, type Path } from "@/lib/place";

interface Lead {
  to: Path;
  search?: object;
  said: string;
}

/** Where a series leads: its cluster, the alerts there, the logs of its pod. */
export function leadsOf({ clusterId, clusterName, metric }: Line): Lead[] {
  if (clusterId === undefined) return [];
  const { namespace, pod } = metric;
  const leads: Lead[] = [
    { to: `/clusters/${clusterId}`, said: `Cluster ${clusterName ?? ""}` },
    { to: "/alerts", search: { cluster_id: [clusterId] }, said: "Alerts of this cluster" },
  ];
  if (namespace !== undefined) {
    leads.push({
      to: "/alerts",
      search: { cluster_id: [clusterId], namespace: [namespace] },
      said: `Alerts of namespace ${namespace}`,
    });
    leads.push({
      to: "/observability/logs",
      search: { query: logsOf(namespace, pod), clusters: [clusterId] },
      said: pod === undefined ? `Logs of namespace ${namespace}` : `Logs of pod ${pod}`,
    });
  }
  return leads;
}

function logsOf(namespace: string, pod: string | undefined): string {
  const matchers = [`namespace=${JSON.stringify(namespace)}`, ...(pod ? [`pod=${JSON.stringify(pod)}`] : [])];
  return `{${matchers.join(", ")}}`;
}

/** Rows clip what is in them: the menu hangs in the page itself. */
const page = () => document.querySelector("main") ?? document.body;

export function SeriesLinks({ line }: { line: Line }) {
  const [open, setOpen] = useState(false);
  const go = useGo();
  const href = useHref();
  const leads = leadsOf(line);
  if (leads.length === 0) return null;
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: "end", appendTo: page }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          size="sm"
          icon={<EllipsisVIcon />}
          aria-label={`Where ${line.name} leads`}
          isExpanded={open}
          onClick={() => setOpen(!open)}
        />
      )}
    >
      <DropdownList>
        {leads.map(({ to, search = {}, said }) => (
          <DropdownItem
            key={said}
            to={href(to, search)}
            onClick={(event: MouseEvent) => {
              // A click that wants a tab of its own is left to the browser.
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              go(to, search);
            }}
          >
            {said}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
