import { useMemo, useState, type KeyboardEvent, type PointerEvent } from "react";

import { areaOf, shapeInWords, stepInWords, stepsOf, type Step } from "@/features/incidents/detail/shape";
import type { IncidentDetail, TimelineEntry } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useClock, useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";

const DAY_MS = 86_400_000;
const MINUTES_MS = 600_000;
const KEYS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -100_000,
  End: 100_000,
};

interface StormProps {
  incident: IncidentDetail;
  entries: readonly TimelineEntry[];
  /** What is before them was not read. */
  more: boolean;
}

/** How the incident grew and went: what joined, and what lasted. */
export function Storm({ incident, entries, more }: StormProps) {
  const now = useNow(10_000);
  const { state, resolved_at } = incident;
  const last = entries[0] === undefined ? 0 : Date.parse(entries[0].at);
  const until = state === "RESOLVED" && resolved_at !== null ? Math.max(Date.parse(resolved_at), last) : Math.max(now, last);
  const steps = useMemo(() => stepsOf(entries, until), [entries, until]);
  // Of one that comes and stays there is nothing to see.
  if (steps.length === 0 || entries.every(({ signals, added }) => (signals ?? added) < 2)) return null;
  return (
    <section className="panel incidents-storm" aria-labelledby="incidents-storm">
      <Strip incident={incident} steps={steps} now={now} />
      {more ? <p className="hint">What was before is not read yet: see below.</p> : null}
    </section>
  );
}

interface StripProps {
  incident: IncidentDetail;
  steps: readonly Step[];
  now: number;
}

function Strip({ incident, steps, now }: StripProps) {
  const clock = useClock();
  /** By their beginning: what is drawn moves on with time. */
  const [pointed, setPointed] = useState<number>();
  const [chosen, setChosen] = useState<number>();
  const start = steps[0]!.start;
  const end = steps.at(-1)!.end;
  const size = (end - start) / steps.length;
  const indexOf = (at: number | undefined) =>
    at === undefined ? undefined : Math.max(0, Math.min(steps.length - 1, Math.floor((at - start) / size)));
  const shown = indexOf(pointed ?? chosen);
  const step = shown === undefined ? undefined : steps[shown];
  const long = end - start > DAY_MS;
  const label = (at: number) => (long ? clock(at).slice(5, 16) : clock(at).slice(11, end - start < MINUTES_MS ? 19 : 16));
  const said = step ? `${label(step.start)} – ${label(step.end)}: ${stepInWords(step)}` : shapeInWords(steps);
  const timeAt = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return start + ((event.clientX - box.left) / (box.width || 1)) * (end - start);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = KEYS[event.key];
    if (by === undefined && event.key !== "Escape") return;
    event.preventDefault();
    if (by === undefined) setChosen(undefined);
    else setChosen(steps[Math.max(0, Math.min(steps.length - 1, (indexOf(chosen) ?? steps.length) + by))]!.start);
  };
  const most = Math.max(1, ...steps.map(({ lasting }) => lasting ?? 0));
  const came = Math.max(1, ...steps.map((each) => each.came));
  const picked = indexOf(chosen);
  return (
    <>
      <header className="incidents-storm-head">
        <h2 id="incidents-storm">Signals over time</h2>
        <p className="numbers quiet">{said}</p>
        {picked === undefined ? null : (
          <PageLink
            to={`/incidents/${incident.id}`}
            search={{ as_of: new Date(Math.min(steps[picked]!.end, now)).toISOString() }}
          >
            As it was at {label(steps[picked]!.end)}
          </PageLink>
        )}
      </header>
      <div className="incidents-strip">
        <div className="incidents-scales quiet numbers" aria-hidden="true">
          <span>
            {count(most)} <span>last</span>
          </span>
          <span>
            {count(came)} <span>join</span>
          </span>
        </div>
        <div
          className="incidents-plot"
          role="slider"
          tabIndex={0}
          aria-label="Signals over time. Arrow keys choose a time, to which a link leads then."
          aria-valuemin={0}
          aria-valuemax={steps.length - 1}
          aria-valuenow={picked ?? steps.length - 1}
          aria-valuetext={said}
          onPointerMove={(event) => setPointed(timeAt(event))}
          onPointerLeave={() => setPointed(undefined)}
          onClick={(event) => setChosen(timeAt(event as unknown as PointerEvent))}
          onKeyDown={onKeyDown}
        >
          <svg className="incidents-area" viewBox={`0 0 ${steps.length} 100`} preserveAspectRatio="none" aria-hidden="true">
            <polygon points={areaOf(steps, most)} />
          </svg>
          <div className="incidents-bars" aria-hidden="true">
            {steps.map((each) => (
              <div key={each.start}>
                {each.came > 0 ? <span style={{ blockSize: `${(100 * each.came) / came}%` }} /> : null}
              </div>
            ))}
          </div>
          {shown === undefined ? null : (
            <div
              className="incidents-cursor"
              style={{ insetInlineStart: `${(100 * shown) / steps.length}%`, inlineSize: `${100 / steps.length}%` }}
            />
          )}
        </div>
        <div className="incidents-times quiet numbers" aria-hidden="true">
          {[0, 0.25, 0.5, 0.75, 1].map((part) => (
            <span key={part}>{label(start + (end - start) * part)}</span>
          ))}
        </div>
      </div>
    </>
  );
}
