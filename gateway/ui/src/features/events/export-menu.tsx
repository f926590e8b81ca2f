import { Button, Popover } from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";

import { getExportEventsUrl } from "@/generated/api";
import { useAsOf, useNow, useRange } from "@/lib/moment";

import type { EventFilter } from "@/features/events/search";
import { asked } from "@/features/events/use-log";

/** The events that pass the filters as a file, and what one can do with it. */
export function ExportMenu({ filter }: { filter: EventFilter }) {
  const asOf = useAsOf();
  const range = useRange();
  const now = useNow(30_000);
  const { as_of, ...wanted } = asked(filter, range, asOf, now);
  const href = getExportEventsUrl({ ...wanted, ...(as_of && wanted.to === undefined ? { to: as_of } : {}) });
  return (
    <Popover
      aria-label="Export these events"
      showClose={false}
      position="bottom-end"
      bodyContent={
        <div className="events-export">
          <strong>Export these events</strong>
          <p>
            Every event of this time range that passes the filters, oldest first, one JSON object a line, with a
            checksum at the end.
          </p>
          <p className="hint">
            <code>aiops replay FILE</code> loads it into an empty hub.
          </p>
          <Button variant="secondary" component="a" href={href} download icon={<DownloadIcon />}>
            Download aiops-events.ndjson
          </Button>
        </div>
      }
    >
      <Button variant="plain" icon={<DownloadIcon />}>
        Export
      </Button>
    </Popover>
  );
}
