import { placeOf } from "@/features/cnf/shared/numbers";
import { CLOCKS } from "@/features/cnf/shared/states";
import type { ShownClock } from "@/features/cnf/search";

const HALF = 50;
/** Of the marks beside the middle: what the PTP operator lets a locked clock be off, unless it is told otherwise. */
const MARK = placeOf(100) * HALF;

/** An offset on a scale with zero in the middle; the number stands beside it. */
export function OffsetScale({ ns, state }: { ns: number | null | undefined; state: ShownClock }) {
  if (ns === null || ns === undefined) return null;
  const end = HALF + placeOf(ns) * HALF;
  return (
    <svg
      className={`cnf-scale tone-${CLOCKS[state][1]}`}
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      aria-hidden
    >
      <title>Logarithmic; the marks are at −100 ns and +100 ns</title>
      <line className="cnf-scale-line" x1="0" x2="100" y1="5" y2="5" />
      {[HALF - MARK, HALF + MARK].map((x) => (
        <line key={x} className="cnf-scale-mark" x1={x} x2={x} y1="2" y2="8" />
      ))}
      <line className="cnf-scale-zero" x1={HALF} x2={HALF} y1="0" y2="10" />
      <rect x={Math.min(HALF, end)} width={Math.max(1, Math.abs(end - HALF))} y="2.5" height="5" />
    </svg>
  );
}
