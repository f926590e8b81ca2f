/** What was found in the series of a chart, as coloured stretches under its time axis. */

import "@/components/chart/ribbon.css";

import { useId, useMemo, useState, type KeyboardEvent } from "react";

import { laid, type Laid, type Stretch } from "@/components/chart/stretches";
import { plural } from "@/lib/format";
import { useClock } from "@/lib/moment";
import { lasting } from "@/lib/time";

interface RibbonProps {
  /** What is marked: `Anomalies`, and in which chart. */
  label: string;
  of?: string;
  stretches: readonly Stretch[];
  range: { start: number; end: number };
  /** Where the axis lies, in pixels from the left; all of the width until that is known. */
  axis: { left: number; width: number } | undefined;
  onOpen?: ((stretch: Stretch) => void) | undefined;
}

const LANE = 10;
/** Room beside the axis that is needed to say what this is. */
const LABEL_PX = 58;

/** One tab stop; arrow keys go from stretch to stretch, Enter opens one. */
export function Ribbon({ label, of, stretches, range, axis, onOpen }: RibbonProps) {
  const shown = useMemo(() => laid(stretches, range), [stretches, range]);
  const [active, setActive] = useState<string>();
  const [isTold, setTold] = useState(false);
  const note = useId();
  if (shown.length === 0) return null;
  const at = Math.max(0, shown.findIndex(({ stretch }) => stretch.id === active));
  const lanes = 1 + Math.max(...shown.map(({ lane }) => lane));
  const told = isTold ? shown.find(({ stretch }) => stretch.id === active) : undefined;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Escape" && isTold) {
      setTold(false);
      event.preventDefault();
      return;
    }
    const next = stepFrom(event.key, at, shown.length - 1);
    if (next === undefined) return;
    event.preventDefault();
    (event.currentTarget.children[next] as HTMLElement | undefined)?.focus();
  };
  const tell = (id: string) => {
    setActive(id);
    setTold(true);
  };
  return (
    <div
      className="ribbon"
      style={axis ? { marginInlineStart: axis.left, inlineSize: axis.width } : undefined}
      onPointerLeave={() => setTold(false)}
    >
      {axis && axis.left >= LABEL_PX ? (
        <span className="ribbon-label" aria-hidden="true">
          {label}
        </span>
      ) : null}
      <div
        className="ribbon-lanes"
        role="group"
        aria-label={`${label}${of === undefined ? "" : ` in ${of}`}: ${plural(shown.length, "stretch", "stretches")}, arrow keys go through them`}
        style={{ blockSize: lanes * LANE }}
        onKeyDown={onKeyDown}
      >
        {shown.map((each, index) => (
          <Mark
            key={each.stretch.id}
            laid={each}
            range={range}
            isStop={index === at}
            describedBy={told?.stretch.id === each.stretch.id ? note : undefined}
            onTell={tell}
            onHide={() => setTold(false)}
            onOpen={onOpen}
          />
        ))}
      </div>
      {told ? <Note id={note} of={told} isOpened={onOpen !== undefined} /> : null}
    </div>
  );
}

function stepFrom(key: string, at: number, last: number): number | undefined {
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowRight" || key === "ArrowDown") return Math.min(last, at + 1);
  if (key === "ArrowLeft" || key === "ArrowUp") return Math.max(0, at - 1);
  return undefined;
}

interface MarkProps {
  laid: Laid;
  range: { start: number; end: number };
  isStop: boolean;
  describedBy: string | undefined;
  onTell: (id: string) => void;
  onHide: () => void;
  onOpen: ((stretch: Stretch) => void) | undefined;
}

function Mark({ laid: { stretch, lane, left, width }, range, isStop, describedBy, onTell, onHide, onOpen }: MarkProps) {
  const clock = useClock();
  const { id, from, until, tone, title, series } = stretch;
  const ending = until === undefined ? "lasts" : `until ${clock(until)}`;
  const open = [from < range.start ? "is-before" : "", until === undefined || until > range.end ? "is-after" : ""];
  return (
    <button
      type="button"
      className={["ribbon-mark", `ribbon-${tone}`, ...open].filter(Boolean).join(" ")}
      style={{ insetInlineStart: `${left * 100}%`, inlineSize: `${width * 100}%`, insetBlockStart: lane * LANE }}
      tabIndex={isStop ? 0 : -1}
      aria-label={`${title}${series ? `, ${series}` : ""}, from ${clock(from)}, ${ending}`}
      aria-describedby={describedBy}
      onPointerEnter={() => onTell(id)}
      onFocus={() => onTell(id)}
      onBlur={onHide}
      onClick={() => onOpen?.(stretch)}
    />
  );
}

function Note({ id, of: { stretch, left, width }, isOpened }: { id: string; of: Laid; isOpened: boolean }) {
  const clock = useClock();
  const { from, until, tone, title, series, words } = stretch;
  const middle = left + width / 2;
  const place = middle > 0.5 ? { insetInlineEnd: `${(1 - Math.min(1, middle + 0.02)) * 100}%` } : { insetInlineStart: `${Math.max(0, middle - 0.02) * 100}%` };
  return (
    <div id={id} role="tooltip" className="ribbon-note" style={place}>
      <div className="ribbon-note-title">
        <span className={`ribbon-dot ribbon-${tone}`} />
        <strong>{title}</strong>
      </div>
      {series ? <div className="mono ribbon-note-series">{series}</div> : null}
      <div className="quiet numbers">
        {clock(from)} · {until === undefined ? "lasts" : lasting(until - from)}
      </div>
      {words ? <p>{words}</p> : null}
      {isOpened ? <div className="hint">Click or Enter opens it</div> : null}
    </div>
  );
}
