import { DEFAULT_RANGE, useAsOf, useClock, useNow, useRange } from "@/lib/moment";
import { usePrinting } from "@/lib/printing";
import { describeRange, parseInstant } from "@/lib/time";

/** On paper alone: of when it is, and where it is found. */
export function PrintLine() {
  const { printing, href } = usePrinting();
  return printing ? <Line href={href} /> : null;
}

function Line({ href }: { href: string }) {
  const { as_of } = useAsOf();
  const range = useRange();
  const now = useNow(60_000);
  const clock = useClock();
  const ends = [range.from, range.to].map((end) => clock(parseInstant(end, now) ?? now));
  const said = range.to === DEFAULT_RANGE.to ? `${describeRange(range, clock, now)} (${ends.join(" – ")})` : ends.join(" – ");
  return (
    <footer className="print-line numbers">
      <p>
        AIOps NextGen. {as_of === undefined ? `As of ${clock(now)}, live` : `As it was at ${clock(as_of)}`}. Time range: {said}.
      </p>
      <p className="print-address">{href}</p>
    </footer>
  );
}
