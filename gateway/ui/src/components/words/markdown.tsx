/** The Markdown that a model may answer in. Links, images and HTML are shown as the text that they are. */

import "@/components/words/markdown.css";

import { useMemo, type ReactNode } from "react";

import { blocksOf, linesOf, type Block, type Line } from "@/components/words/blocks";
import { spansOf, type Span } from "@/components/words/spans";

/** A part of the text that something is said of, where it stands. None of them overlap. */
export interface Mark {
  from: number;
  to: number;
  /** `isEnd`: nothing of it follows. */
  show: (words: ReactNode, isEnd: boolean) => ReactNode;
}

interface Marked {
  marks: readonly Mark[];
  /** The line in which each of them ends. */
  ends: ReadonlyMap<Mark, Line>;
}

const NONE: readonly Mark[] = [];

export function Markdown({ text, marks = NONE }: { text: string; marks?: readonly Mark[] }) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  const marked = useMemo((): Marked => ({ marks, ends: endsOf(blocks, marks) }), [blocks, marks]);
  return <Blocks of={blocks} marked={marked} />;
}

const toOf = ({ text, from }: Line) => from + text.length;

function endsOf(blocks: readonly Block[], marks: readonly Mark[]): Map<Mark, Line> {
  const ends = new Map<Mark, Line>();
  if (marks.length === 0) return ends;
  const lines = linesOf(blocks);
  for (const mark of marks) {
    const last = lines.findLast((line) => line.text !== "" && line.from < mark.to && toOf(line) > mark.from);
    if (last !== undefined) ends.set(mark, last);
  }
  return ends;
}

function Blocks({ of, marked }: { of: readonly Block[]; marked: Marked }) {
  return of.map((block, at) => <One key={at} block={block} marked={marked} />);
}

function One({ block, marked }: { block: Block; marked: Marked }) {
  switch (block.kind) {
    case "p":
      return (
        <p dir="auto">
          <Lines of={block.lines} marked={marked} />
        </p>
      );
    case "heading":
      return (
        <p className="words-heading" dir="auto">
          <strong>
            <Words line={block.line} marked={marked} />
          </strong>
        </p>
      );
    case "quote":
      return (
        <blockquote className="words-quote" dir="auto">
          <Lines of={block.lines} marked={marked} />
        </blockquote>
      );
    case "code":
      return (
        <pre className="words-code" tabIndex={0} dir="ltr">
          {block.text}
        </pre>
      );
    case "rule":
      return <hr className="words-rule" />;
    case "list":
      return <Listed block={block} marked={marked} />;
    case "table":
      return <Table block={block} marked={marked} />;
  }
}

function Lines({ of, marked }: { of: readonly Line[]; marked: Marked }) {
  return of.map((line, at) => (
    <span key={at} className="words-line">
      <Words line={line} marked={marked} />
    </span>
  ));
}

function Listed({ block: { isOrdered, start, items }, marked }: { block: Extract<Block, { kind: "list" }>; marked: Marked }) {
  const inside = items.map(({ lines, within }, at) => (
    <li key={at} dir="auto">
      <Lines of={lines} marked={marked} />
      <Blocks of={within} marked={marked} />
    </li>
  ));
  return isOrdered ? <ol start={start}>{inside}</ol> : <ul>{inside}</ul>;
}

function Table({ block: { aligns, head, rows }, marked }: { block: Extract<Block, { kind: "table" }>; marked: Marked }) {
  const alignOf = (at: number) => `words-${aligns[at] ?? "start"}`;
  return (
    <div className="words-table" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at} scope="col" className={alignOf(at)}>
                <Words line={cell} marked={marked} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {head.map((_, at) => (
                <td key={at} className={alignOf(at)} dir="auto">
                  {cells[at] === undefined ? null : <Words line={cells[at]} marked={marked} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Words({ line, marked: { marks, ends } }: { line: Line; marked: Marked }) {
  const spans = spansOf(line.text, line.from);
  const mine = marks.filter(({ from, to }) => from < toOf(line) && to > line.from).toSorted((a, b) => a.from - b.from);
  if (mine.length === 0) return written(spans);
  const shown: ReactNode[] = [];
  let at = line.from;
  for (const mark of mine) {
    shown.push(...written(between(spans, at, mark.from)));
    shown.push(mark.show(written(between(spans, mark.from, mark.to)), ends.get(mark) === line));
    at = mark.to;
  }
  shown.push(...written(between(spans, at, Number.POSITIVE_INFINITY)));
  return shown.map((each, place) => <Piece key={place}>{each}</Piece>);
}

const Piece = ({ children }: { children: ReactNode }) => children;

/** The parts of the spans that lie there. */
function between(spans: readonly Span[], from: number, to: number): Span[] {
  return spans.flatMap((span) => {
    if (span.to <= from || span.from >= to) return [];
    // Code, and what was escaped, is longer in the text: it is not cut.
    if (span.text.length !== span.to - span.from) return span.from >= from ? [span] : [];
    const begin = Math.max(0, from - span.from);
    return [{ ...span, text: span.text.slice(begin, to - span.from), from: span.from + begin, to: Math.min(span.to, to) }];
  });
}

function written(spans: readonly Span[]): ReactNode[] {
  return spans.map(({ text, strong, em, code }, at) => {
    const inner = code ? <CodeOf text={text} /> : text;
    const leaning = em ? <em>{inner}</em> : inner;
    return strong ? <strong key={at}>{leaning}</strong> : <Piece key={at}>{leaning}</Piece>;
  });
}

/** A name stays in one piece: it breaks only where it is longer than a column. */
const CodeOf = ({ text }: { text: string }) => (
  <code dir="ltr" className={text.length <= 28 ? "words-name" : undefined}>
    {text}
  </code>
);
