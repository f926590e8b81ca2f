import { AngleRightIcon } from "@patternfly/react-icons";
import { memo, type ReactNode } from "react";

import { LEVEL_WORDS, levelOf, plain, type Line } from "@/features/observability/logs/line";
import { useClock } from "@/lib/moment";

interface LogRowProps {
  line: Line;
  height: number;
  find: string;
  open: boolean;
  onFlip: (key: string) => void;
}

/** No browser lays out a megabyte in one line at once. */
const MOST_SHOWN = 4_000;

/** One line: when, how bad, where, what. */
export const LogRow = memo(function LogRow({ line, height, find, open, onFlip }: LogRowProps) {
  const clock = useClock();
  const level = levelOf(line);
  return (
    <div
      role="presentation"
      className="logs-row"
      style={{ minBlockSize: height }}
      onClick={() => unlessChosen(() => onFlip(line.key))}
    >
      <span role="cell" className="logs-open">
        <button
          type="button"
          tabIndex={-1}
          aria-expanded={open}
          aria-label="Details of this line"
          className="logs-flip"
          onClick={(event) => {
            event.stopPropagation();
            onFlip(line.key);
          }}
        >
          <AngleRightIcon />
        </button>
      </span>
      <time role="cell" dateTime={line.timestamp} title={line.timestamp} className="logs-time numbers">
        {clock(line.at, "ms").slice(5, 23)}
      </time>
      <span role="cell" className={`logs-level logs-level-${level ?? "none"}`}>
        {level ? LEVEL_WORDS[level] : ""}
      </span>
      <span role="cell" className="logs-cluster cut" title={line.cluster_name}>
        {line.cluster_name}
      </span>
      <span role="cell" className="logs-message">
        {line.late ? <span className="logs-late">late</span> : null}
        {marked(plain(line.message).slice(0, MOST_SHOWN), find)}
      </span>
    </div>
  );
});

/** A click that ends the choosing of text is none. */
function unlessChosen(click: () => void): void {
  if (document.getSelection()?.type !== "Range") click();
}

/** The text with every place where the words stand. */
export function marked(text: string, words: string): ReactNode {
  if (words === "") return text;
  const parts: ReactNode[] = [];
  const [low, wanted] = [text.toLowerCase(), words.toLowerCase()];
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0; found = low.indexOf(wanted, at)) {
    parts.push(text.slice(at, found), <mark key={found}>{text.slice(found, found + wanted.length)}</mark>);
    at = found + wanted.length;
  }
  return [...parts, text.slice(at)];
}
