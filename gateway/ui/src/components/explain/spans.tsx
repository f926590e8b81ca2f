import type { Window } from "@/components/explain/differences";
import { useClock } from "@/lib/moment";
import { lasting } from "@/lib/time";

interface SpansProps {
  /** What the chart shows. */
  label: string;
  window: Window;
  /** As long before is not looked at. */
  isAlone?: boolean;
}

/** What is explained, and over which time. */
export function Spans({ label, window: { start, end }, isAlone = false }: SpansProps) {
  const clock = useClock();
  const sameDay = clock(start).slice(0, 10) === clock(end).slice(0, 10);
  return (
    <div>
      <p className="mono explain-label">{label}</p>
      <p className="quiet numbers">
        {clock(start)} – {sameDay ? clock(end).slice(11) : clock(end)}
        {isAlone ? "" : `, beside the ${lasting(end - start)} before`}
      </p>
    </div>
  );
}
