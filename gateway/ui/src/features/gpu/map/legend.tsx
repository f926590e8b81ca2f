import { useEffect, useRef } from "react";

import { MARK_MEANS, MARK_WORDS } from "@/features/gpu/map/mark-words";
import { drawMark, penOf } from "@/features/gpu/map/paint";
import { readPalette, SCALES, stepLabel, STEPS } from "@/features/gpu/map/ramp";
import { MARKS, type GpuSearch, type MapMetric, type Mark } from "@/features/gpu/search";
import { count } from "@/lib/format";
import { useSetSearch } from "@/lib/place";

interface LegendProps {
  metric: MapMetric;
  counts: Readonly<Record<Mark, number>>;
  show: Mark | undefined;
  /** Beside a table there are no colours. */
  colours: boolean;
}

/** What colours and marks stand for; a mark that is pressed lets only those that have it stand out. */
export function Legend({ metric, counts, show, colours }: LegendProps) {
  const setSearch = useSetSearch<GpuSearch>();
  return (
    <div className="gpu-legend">
      {colours ? <Steps metric={metric} /> : null}
      <ul className="plain gpu-marks" aria-label="Only those that are">
        {MARKS.filter((mark) => counts[mark] > 0 || mark === show).map((mark) => (
          <li key={mark}>
            <button
              type="button"
              className="gpu-mark"
              aria-pressed={show === mark}
              title={MARK_MEANS[mark]}
              onClick={() => setSearch({ show: show === mark ? undefined : mark }, { replace: true })}
            >
              {mark === "idle" ? null : <MarkSwatch mark={mark} />}
              {MARK_WORDS[mark]} <span className="numbers quiet">{count(counts[mark])}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Steps({ metric }: { metric: MapMetric }) {
  const { name, hue, unit, of } = SCALES[metric];
  return (
    <ul className="plain gpu-steps numbers" aria-label={`Colours: ${name}, ${unit}`}>
      {Array.from({ length: STEPS }, (_, step) => (
        <li key={step}>
          <span className={`gpu-swatch is-${hue}-${step}`} aria-hidden="true" />
          {stepLabel(step, metric)}
        </li>
      ))}
      <li className="quiet">
        {unit} {of}
      </li>
      <li>
        <span className="gpu-swatch is-empty" aria-hidden="true" /> not known
      </li>
    </ul>
  );
}

const SIZE = 14;

/** A mark as the map draws it. */
function MarkSwatch({ mark }: { mark: Mark }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => {
      const element = canvas.current;
      const pen = penOf(element);
      if (!element || !pen) return;
      const palette = readPalette(element);
      pen.setTransform(2, 0, 0, 2, 0, 0);
      pen.clearRect(0, 0, SIZE, SIZE);
      if (mark === "lost") {
        pen.strokeStyle = palette.line;
        pen.strokeRect(0.5, 0.5, SIZE - 1, SIZE - 1);
      } else {
        pen.fillStyle = palette.load[2]!;
        pen.fillRect(0, 0, SIZE, SIZE);
      }
      drawMark(pen, mark, { x: 0, y: 0, size: SIZE, palette });
    };
    draw();
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    return () => theme.disconnect();
  }, [mark]);
  return <canvas ref={canvas} className="gpu-mark-swatch" width={SIZE * 2} height={SIZE * 2} aria-hidden="true" />;
}
