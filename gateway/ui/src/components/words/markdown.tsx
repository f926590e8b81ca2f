/** The little Markdown that explanations are written in. Links, images and HTML are shown as the text that they are. */

import type { ReactNode } from "react";

interface Block {
  kind: "p" | "ul" | "ol";
  lines: string[];
}

const BULLET = /^\s*[-*]\s+/;
const NUMBER = /^\s*\d{1,3}[.)]\s+/;
const HEADING = /^#{1,6}\s+(.*)$/;
const INLINE = /(`[^`\n]+`|\*\*[^*\n]+\*\*|\*[^*\n]+\*)/;

/** Lines that belong together, in their order. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.replace(HEADING, "**$1**");
    if (line.trim() === "") {
      open = undefined;
      continue;
    }
    const kind = BULLET.test(line) ? "ul" : NUMBER.test(line) ? "ol" : "p";
    if (open?.kind !== kind) {
      open = { kind, lines: [] };
      blocks.push(open);
    }
    open.lines.push(line.replace(BULLET, "").replace(NUMBER, ""));
  }
  return blocks;
}

function inline(text: string): ReactNode[] {
  return text.split(INLINE).map((piece, at) => {
    if (piece.length > 2 && piece.startsWith("`") && piece.endsWith("`")) return <code key={at}>{piece.slice(1, -1)}</code>;
    if (piece.length > 4 && piece.startsWith("**") && piece.endsWith("**")) return <strong key={at}>{piece.slice(2, -2)}</strong>;
    if (piece.length > 2 && piece.startsWith("*") && piece.endsWith("*")) return <em key={at}>{piece.slice(1, -1)}</em>;
    return piece;
  });
}

export function Markdown({ text }: { text: string }) {
  return blocksOf(text).map(({ kind, lines }, at) => {
    if (kind === "p")
      return (
        <p key={at}>
          {lines.map((line, number) => (
            <span key={number} className="words-line">
              {inline(line)}
            </span>
          ))}
        </p>
      );
    const items = lines.map((line, number) => <li key={number}>{inline(line)}</li>);
    return kind === "ul" ? <ul key={at}>{items}</ul> : <ol key={at}>{items}</ol>;
  });
}
