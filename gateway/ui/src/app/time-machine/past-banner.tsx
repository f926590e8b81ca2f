import "@/app/time-machine/time-machine.css";

import { HistoryIcon } from "@patternfly/react-icons";
import { Button } from "@patternfly/react-core";

import { Controls } from "@/app/time-machine/controls";
import { loggedAt } from "@/app/time-machine/instants";
import { Scrubber } from "@/app/time-machine/scrubber";
import { usePlayer } from "@/app/time-machine/playback";
import { useEventsAround, type Around } from "@/app/time-machine/use-events-around";
import { useTravel } from "@/app/time-machine/use-travel";
import { whatHappened } from "@/lib/what-happened";
import { useLiveState } from "@/lib/live";
import { useClock, useWallClock } from "@/lib/moment";
import { usePlayback } from "@/lib/playback";
import { ago } from "@/lib/time";

/** Over every page while it shows the past: which instant, what happened around it, and the way on. */
export function PastBanner() {
  const { as_of } = useTravel();
  return as_of === undefined ? null : <InPast as_of={as_of} />;
}

function InPast({ as_of }: { as_of: string }) {
  usePlayer();
  const { goLive } = useTravel();
  const now = useWallClock();
  const clock = useClock();
  const around = useEventsAround(Date.parse(as_of));
  return (
    <section
      className="past"
      aria-label="Time machine"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        goLive();
      }}
    >
      <div className="past-head">
        <p className="past-words">
          <HistoryIcon className="past-icon" />
          <span className="past-long">You see the fleet as it was on </span>
          <time dateTime={as_of} className="numbers">
            <strong>{clock(as_of)}</strong>
          </time>{" "}
          <span className="past-ago">({ago(Date.parse(as_of), now)})</span>
        </p>
        <Button size="sm" className="past-live" onClick={goLive}>
          Back to live
        </Button>
        <Controls />
      </div>
      <Scrubber around={around} />
      <Ticker at={Date.parse(as_of)} latest={around.latest} failed={around.failed} />
    </section>
  );
}

interface TickerProps {
  at: number;
  latest: Around["latest"];
  failed: boolean;
}

/** What has happened last: as it is played, or before the instant that is shown. */
function Ticker({ at, latest, failed }: TickerProps) {
  const clock = useClock();
  const { playing, played } = usePlayback();
  const { connection, replayRefused } = useLiveState();
  // Events run ahead of what pages show by up to a second: what has not happened there yet is not told.
  const event = played.findLast((event) => Date.parse(loggedAt(event)) <= at) ?? latest;
  const said =
    replayRefused !== undefined
      ? `The hub does not play: ${replayRefused}`
      : playing && connection !== "live"
        ? "The connection is lost; it plays on from here when it is back."
        : undefined;
  return (
    <p className="past-ticker numbers">
      <span role="status">{said}</span>
      {said !== undefined ? null : event === undefined ? (
        <span>{failed ? "The events of this time could not be read." : "No event before this instant in the time shown."}</span>
      ) : (
        <span title={clock(event.timestamp, "ms")}>
          {clock(event.timestamp).slice(11, 19)} · {whatHappened(event)}
        </span>
      )}
    </p>
  );
}
