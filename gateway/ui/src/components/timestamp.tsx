import { useClock, useNow, useWallClock } from "@/lib/moment";
import { ago, agoElsewhere } from "@/lib/time";

/** `5 min. ago`, `in 2 hr.`, with the exact time on hover; counted from the instant that is shown. */
export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow(10_000);
  const clock = useClock();
  if (!at) return <span className="quiet">never</span>;
  return (
    <time dateTime={at} title={clock(at)} className="numbers">
      {agoElsewhere(Date.parse(at), now)}
    </time>
  );
}

/** The exact time, in the zone of the settings. */
export function At({ at, precision = "s" }: { at: string; precision?: "s" | "ms" }) {
  const clock = useClock();
  return (
    <time dateTime={at} className="numbers">
      {clock(at, precision)}
    </time>
  );
}

/** How old what is shown is, whatever instant that is of; `at`: milliseconds since 1970 of the last answer. */
export function DataAge({ at }: { at: number }) {
  const now = useWallClock(5_000);
  const clock = useClock();
  return (
    <span className="quiet numbers" title={`Read at ${clock(at)}`}>
      {now - at < 10_000 ? "read just now" : `read ${ago(at, now)}`}
    </span>
  );
}
