import "@/features/incidents/detail/replay/replay.css";

import { Button, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { PauseIcon, PlayIcon } from "@patternfly/react-icons";
import { useMemo, type KeyboardEvent } from "react";

import { instantInWords, nextMoment, ticksOf, type Tick, type TickKind } from "@/features/incidents/detail/replay/moments";
import { useReplay, useWhole } from "@/features/incidents/detail/replay/use-replay";
import { useClock } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { SPEEDS, usePlayback, type Speed } from "@/lib/playback";

const DAY_MS = 86_400_000;
const HINT = "move the mark to see it as it was";
const LEGEND: Readonly<Record<TickKind, string>> = {
  opened: "opened",
  people: "acknowledged, resolved, merged or split",
  analysis: "cause looked for",
  came: "signals joined",
  ended: "signals ended",
};

/** Below the page: the incident's time as a slider, which shows the page as it was then, and plays it. */
export function Replay({ id }: { id: string }) {
  const whole = useWhole(id);
  return whole === undefined ? null : <Dock {...whole} />;
}

type DockProps = NonNullable<ReturnType<typeof useWhole>>;

function Dock({ scale, entries, isCut, analyses }: DockProps) {
  const { start, end, step, isOpen } = scale;
  const replay = useReplay(scale);
  const clock = useClock();
  const ticks = useMemo(() => ticksOf(entries, analyses, { start, end }), [entries, analyses, start, end]);
  const { at, move } = replay;
  usePageActions([{ name: "replay", title: replay.playing ? "Pause the replay" : "Replay this incident", words: ["play", "past"], run: replay.toggle }]);
  const isNow = !replay.isPast && at >= end;
  const said = isNow ? (isOpen ? HINT : `as it has ended; ${HINT}`) : instantInWords(entries, at, isCut);
  const day = end - start > DAY_MS;
  const short = (time: number) => (day ? clock(time).slice(5, 16) : clock(time).slice(11, 19));
  const onKeyDown = (event: KeyboardEvent) => {
    const to = targetOf(event.key, at, { start, end, step }, entries);
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  return (
    <section className="incidents-replay" aria-label="Replay of the incident">
      <Button
        variant="control"
        size="sm"
        aria-keyshortcuts="Shift+P"
        aria-label={replay.playing ? "Pause the replay" : "Replay the incident"}
        title={replay.playing ? "Pause" : "Replay what happened"}
        icon={replay.playing ? <PauseIcon /> : <PlayIcon />}
        onClick={replay.toggle}
      />
      <div className="incidents-replay-main">
        <p className="incidents-replay-said numbers">
          <strong title={clock(at)}>{isNow && isOpen ? "Now" : short(at)}</strong> <span className="quiet">{said}</span>
        </p>
        <div className="incidents-replay-track">
          <Ticks ticks={ticks} until={(at - start) / (end - start)} />
          <input
            type="range"
            aria-label="Instant of the incident. Arrow keys move it, page keys go from moment to moment."
            aria-valuetext={`${isNow && isOpen ? "now" : clock(at)}, ${said}`}
            min={start}
            max={end}
            step={1}
            value={at}
            onKeyDown={onKeyDown}
            onChange={(event) => move(Number(event.target.value))}
          />
        </div>
        <div className="incidents-replay-ends quiet numbers" aria-hidden="true">
          <span>{short(start)}</span>
          <Legend ticks={ticks} />
          <span>{isOpen ? "now" : short(end)}</span>
        </div>
      </div>
      <SpeedChoice />
    </section>
  );
}

/** Where a key leads; undefined: it is none of the slider's. */
function targetOf(key: string, at: number, { start, end, step }: { start: number; end: number; step: number }, entries: DockProps["entries"]): number | undefined {
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return at + step;
    case "ArrowLeft":
    case "ArrowDown":
      return at - step;
    case "PageUp":
      return nextMoment(entries, at, "forth") ?? end;
    case "PageDown":
      return nextMoment(entries, at, "back") ?? start;
    case "Home":
      return start;
    case "End":
      return end;
    default:
      return undefined;
  }
}

function Ticks({ ticks, until }: { ticks: readonly Tick[]; until: number }) {
  return (
    <div className="incidents-replay-ticks" aria-hidden="true">
      <span className="incidents-replay-gone" style={{ inlineSize: `${100 * Math.max(0, Math.min(1, until))}%` }} />
      {ticks.map(({ kind, place }) => (
        <span key={place} className={`incidents-tick is-${kind}`} title={LEGEND[kind]} style={{ insetInlineStart: `${100 * place}%` }} />
      ))}
    </div>
  );
}

function Legend({ ticks }: { ticks: readonly Tick[] }) {
  const kinds = (Object.keys(LEGEND) as TickKind[]).filter((kind) => ticks.some((tick) => tick.kind === kind));
  return (
    <span className="incidents-replay-legend">
      {kinds.map((kind) => (
        <span key={kind}>
          <i className={`incidents-tick is-${kind}`} /> {LEGEND[kind]}
        </span>
      ))}
    </span>
  );
}

function SpeedChoice() {
  const speed = usePlayback((state) => state.speed);
  return (
    <FormSelect
      className="incidents-replay-speed"
      aria-label="Speed of the replay"
      value={speed}
      onChange={(_, value) => usePlayback.setState({ speed: Number(value) as Speed })}
    >
      {SPEEDS.map((each) => (
        <FormSelectOption key={each} value={each} label={`×${each}`} />
      ))}
    </FormSelect>
  );
}
