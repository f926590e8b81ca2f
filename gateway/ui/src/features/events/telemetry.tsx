import { Switch } from "@patternfly/react-core";
import { useEffect, useState } from "react";

import { DataTable } from "@/components/data-table";
import { Nothing } from "@/components/states";
import { useHeld } from "@/lib/held";
import { live, useLiveEvents } from "@/lib/live";
import { useAsOf } from "@/lib/moment";

import { TELEMETRY_COLUMNS } from "@/features/events/columns";
import type { LogEvent } from "@/features/events/event";

const CHECKS = ["CLUSTER_HEALTH_CHECKED"] as const;
const MOST = 500;
const idOf = ({ event_id }: LogEvent) => event_id;

interface TelemetrySwitchProps {
  on: boolean;
  onChange: (on: boolean) => void;
}

export function TelemetrySwitch({ on, onChange }: TelemetrySwitchProps) {
  const { as_of } = useAsOf();
  return (
    <span title={as_of ? "Health checks are not kept: there are none of the past" : undefined}>
      <Switch
        id="events-telemetry"
        label="Health checks"
        isChecked={on && as_of === undefined}
        isDisabled={as_of !== undefined}
        onChange={(_, checked) => onChange(checked)}
      />
    </span>
  );
}

/** Each round of checks as it ends, while this is shown; apart from the log, which does not keep them. */
export function Telemetry({ cluster, paused }: { cluster: string | undefined; paused: boolean }) {
  const [events, setEvents] = useState<readonly LogEvent[]>([]);
  const [pointed, setPointed] = useState(false);
  useEffect(() => live.subscribe("events page: health checks", { event_types: CHECKS }), []);
  useLiveEvents({ types: CHECKS }, (batch) =>
    setEvents((before) => [...batch.toReversed(), ...before].slice(0, MOST)),
  );
  const mine = cluster === undefined ? events : events.filter(({ cluster_id }) => cluster_id === cluster);
  const { rows } = useHeld(mine, paused || pointed, idOf, cluster);
  return (
    <section className="events-telemetry" aria-labelledby="events-telemetry-title">
      <h2 id="events-telemetry-title">Health checks</h2>
      <p className="hint">Live only: they are not kept in the log. The last {MOST} since you opened this.</p>
      {rows.length === 0 ? (
        <Nothing title="No check has come yet">Each cluster is checked every few seconds to minutes.</Nothing>
      ) : (
        <DataTable
          label="Health checks"
          rows={rows}
          columns={TELEMETRY_COLUMNS}
          idOf={idOf}
          onHeld={setPointed}
        />
      )}
    </section>
  );
}
