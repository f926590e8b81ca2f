import { useMemo } from "react";

import { InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { CHANGE_TYPES, gapOf, gather, type Change } from "@/features/fleet/changes";
import { HARDWARE_TYPES } from "@/features/fleet/hardware-changes";
import type { Happening } from "@/features/fleet/happening";
import { HeldLines } from "@/features/fleet/held-lines";
import { useLog, type Log } from "@/features/fleet/log";
import { ToneIcon } from "@/features/fleet/tone-icon";
import { useWide } from "@/features/fleet/use-wide";
import { plural } from "@/lib/format";
import { resolveRange, useClock, useNow, useRange } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { describeRange, lasting } from "@/lib/time";

const SHOWN = 8;
/** Beside the story they scroll. */
const SHOWN_BESIDE = 24;
const READ = 300;

/** What has changed in the range, newest first; `alerts`: its alerts, as the timeline reads them too. */
export function ChangesPanel({ alerts }: { alerts: Log }) {
  const range = useRange();
  const now = useNow(10_000);
  const clock = useClock();
  const isWide = useWide();
  const log = useLog({ name: "changes", types: CHANGE_TYPES, range, limit: READ });
  const hardware = useLog({ name: "hardware", types: HARDWARE_TYPES, range, limit: READ });
  const { start, end } = resolveRange(range, now);
  const gap = gapOf(end - start);
  // In steps, so that lines do not lose their oldest events, and their names, while somebody reads.
  const oldest = Math.floor(start / gap) * gap;
  const changes = useMemo(() => {
    if (log.items === undefined || alerts.items === undefined || hardware.items === undefined) return;
    const all = [...log.items, ...alerts.items, ...hardware.items].filter(({ at }) => at >= oldest);
    return gather(all.toSorted(newestFirst), gap);
  }, [log.items, alerts.items, hardware.items, oldest, gap]);
  const failed = log.error ?? alerts.error ?? hardware.error;
  const said = describeRange(range, (at) => clock(at).slice(5, 16), now);
  return (
    <section className="panel fleet-changes" aria-labelledby="fleet-changes">
      <header className="fleet-panel-head">
        <h2 id="fleet-changes">What changed</h2>
        <span className="quiet numbers">{said}</span>
      </header>
      {failed ? <InlineFailure error={failed} what="The log could not be read" /> : null}
      {changes === undefined ? (
        failed ? null : (
          <Loading lines={5} label="Loading what changed" />
        )
      ) : changes.length === 0 ? (
        <p className="fleet-calm">Nothing changed in this time. Choose a longer range to look further back.</p>
      ) : (
        <HeldLines
          lines={changes}
          most={isWide ? SHOWN_BESIDE : SHOWN}
          line={(change) => <ChangeLine key={change.id} change={change} />}
          elsewhere={<PageLink to="/events">All events</PageLink>}
          note={log.more || alerts.more || hardware.more ? "Older ones are in the log only" : ""}
        />
      )}
    </section>
  );
}

const newestFirst = (a: Happening, b: Happening) => b.at - a.at;

function ChangeLine({ change }: { change: Change }) {
  const { tone, what, more, at, first, times, place } = change;
  const over = at - first;
  return (
    <li className="fleet-line">
      <ToneIcon tone={tone} />
      <div className="fleet-line-main">
        <span className="fleet-line-what">
          <PageLink to={place.to} search={place.search ?? {}}>
            {what}
          </PageLink>
        </span>
        {more === undefined || more === "" ? null : (
          <span className="quiet cut" title={more}>
            {more}
          </span>
        )}
      </div>
      <div
        className="fleet-line-end quiet"
        title={times > 1 ? `${plural(times, "event")} in ${lasting(over)}` : undefined}
      >
        <span className="fleet-line-when">
          <Ago at={new Date(at).toISOString()} />
        </span>
      </div>
    </li>
  );
}
