/** The Markdown that answers are written in, as blocks of lines that know where they stand in the text. */

/** A part of the text, without what marks it. */
export interface Line {
  text: string;
  /** Characters of the text before it. */
  from: number;
}

export interface Item {
  lines: Line[];
  within: Block[];
}

export type Align = "start" | "center" | "end";

export type Block =
  | { kind: "p"; lines: Line[] }
  | { kind: "heading"; line: Line }
  | { kind: "list"; isOrdered: boolean; start: number; items: Item[] }
  | { kind: "table"; aligns: Align[]; head: Line[]; rows: Line[][] }
  | { kind: "code"; text: string }
  | { kind: "quote"; lines: Line[] }
  | { kind: "rule" };

const MARKER = /^(\s*)(?:([-*+])|(\d{1,3})[.)])\s+/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$/;
const FENCE = /^\s*(```+|~~~+)/;
const RULE = /^\s*(?:-{3,}|\*{3,}|_{3,})\s*$/;
const QUOTE = /^\s{0,3}>\s?/;
const DASHES = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Lines that belong together, in their order. What is open at the end, as while it is written, ends there. */
export function blocksOf(text: string): Block[] {
  const lines: Line[] = [];
  let from = 0;
  for (const raw of text.split("\n")) {
    lines.push({ text: raw.endsWith("\r") ? raw.slice(0, -1) : raw, from });
    from += raw.length + 1;
  }
  return new Reader(lines).blocks();
}

class Reader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  blocks(): Block[] {
    const found: Block[] = [];
    while (this.#at < this.#lines.length) {
      const block = this.#block(this.#lines[this.#at]!);
      if (block !== undefined) found.push(block);
    }
    return found;
  }

  #block(line: Line): Block | undefined {
    if (line.text.trim() === "") {
      this.#at += 1;
      return undefined;
    }
    const fence = FENCE.exec(line.text)?.[1];
    if (fence !== undefined) return this.#code(fence);
    if (HEADING.test(line.text)) return this.#heading(line);
    if (RULE.test(line.text)) {
      this.#at += 1;
      return { kind: "rule" };
    }
    if (this.#isTable()) return this.#table();
    if (MARKER.test(line.text)) return this.#list();
    if (QUOTE.test(line.text)) return { kind: "quote", lines: this.#while(({ text }) => QUOTE.test(text)).map((each) => without(each, QUOTE)) };
    return this.#paragraph();
  }

  /** Lines from here on, as long as they are wanted. */
  #while(isWanted: (line: Line, at: number) => boolean): Line[] {
    const begin = this.#at;
    while (this.#at < this.#lines.length && isWanted(this.#lines[this.#at]!, this.#at - begin)) this.#at += 1;
    return this.#lines.slice(begin, this.#at);
  }

  #code(fence: string): Block {
    this.#at += 1;
    const inside = this.#while(({ text }) => !text.trim().startsWith(fence) || text.trim().replaceAll(fence[0]!, "") !== "");
    this.#at += 1;
    return { kind: "code", text: inside.map(({ text }) => text).join("\n") };
  }

  #heading(line: Line): Block {
    this.#at += 1;
    const text = HEADING.exec(line.text)![1]!;
    return { kind: "heading", line: { text, from: line.from + line.text.indexOf(text) } };
  }

  #paragraph(): Block {
    const lines = this.#while(({ text }, at) => at === 0 || (text.trim() !== "" && !this.#begins(text)));
    return { kind: "p", lines: lines.map(trimmed) };
  }

  /** Something other than a paragraph. */
  #begins(text: string): boolean {
    return FENCE.test(text) || HEADING.test(text) || RULE.test(text) || MARKER.test(text) || QUOTE.test(text) || this.#isTable();
  }

  #isTable(): boolean {
    const dashes = this.#lines[this.#at + 1]?.text ?? "";
    return this.#lines[this.#at]!.text.includes("|") && dashes.includes("|") && DASHES.test(dashes);
  }

  #table(): Block {
    const [head, dashes, ...rows] = this.#while(({ text }, at) => at < 2 || (text.trim() !== "" && text.includes("|")));
    const aligns = cellsOf(dashes!).map(({ text }): Align => (text.endsWith(":") ? (text.startsWith(":") ? "center" : "end") : "start"));
    return { kind: "table", aligns, head: cellsOf(head!), rows: rows.map(cellsOf) };
  }

  #list(): Block {
    const first = MARKER.exec(this.#lines[this.#at]!.text)!;
    const indent = first[1]!.length;
    const isOrdered = first[3] !== undefined;
    const items: Item[] = [];
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at]!;
      const marker = MARKER.exec(line.text);
      if (marker === null) {
        if (!this.#goesOn(line, items, indent)) break;
      } else if (RULE.test(line.text) || marker[1]!.length < indent) {
        break;
      } else if (marker[1]!.length >= indent + 2) {
        items.at(-1)!.within.push(this.#list());
      } else {
        if ((marker[3] !== undefined) !== isOrdered) break;
        this.#at += 1;
        items.push({ lines: [trimmed(without(line, MARKER))], within: [] });
      }
    }
    return { kind: "list", isOrdered, start: Number(first[3] ?? 1), items };
  }

  /** A line without a marker: more of the item, or nothing between two of them. */
  #goesOn(line: Line, items: readonly Item[], indent: number): boolean {
    if (line.text.trim() === "") {
      const next = this.#lines.slice(this.#at).find(({ text }) => text.trim() !== "");
      const marker = next && MARKER.exec(next.text);
      if (!marker || marker[1]!.length < indent) return false;
      this.#at += 1;
      return true;
    }
    const isMore = /^\s{2,}/.test(line.text) && this.#lines[this.#at - 1]!.text.trim() !== "" && !FENCE.test(line.text);
    if (!isMore) return false;
    items.at(-1)!.lines.push(trimmed(line));
    this.#at += 1;
    return true;
  }
}

function without(line: Line, mark: RegExp): Line {
  const length = mark.exec(line.text)?.[0].length ?? 0;
  return { text: line.text.slice(length), from: line.from + length };
}

function trimmed({ text, from }: Line): Line {
  const begin = text.length - text.trimStart().length;
  return { text: text.trim(), from: from + begin };
}

/** Cells of a row of a table; `\|` is no end of one. */
function cellsOf({ text, from }: Line): Line[] {
  const ends = [...text.matchAll(/(?<!\\)\|/g)].map(({ index }) => index);
  const bounds = [-1, ...ends, text.length];
  const cells = bounds.slice(1).map((end, at) => trimmed({ text: text.slice(bounds[at]! + 1, end), from: from + bounds[at]! + 1 }));
  const first = cells[0]!.text === "" && text.trimStart().startsWith("|") ? 1 : 0;
  const last = cells.at(-1)!.text === "" && text.trimEnd().endsWith("|") && cells.length > 1 ? -1 : undefined;
  return cells.slice(first, last);
}

/** All lines of the blocks, in their order. */
export function linesOf(blocks: readonly Block[]): Line[] {
  return blocks.flatMap((block): Line[] => {
    switch (block.kind) {
      case "p":
      case "quote":
        return block.lines;
      case "heading":
        return [block.line];
      case "list":
        return block.items.flatMap(({ lines, within }) => [...lines, ...linesOf(within)]);
      case "table":
        return [...block.head, ...block.rows.flat()];
      default:
        return [];
    }
  });
}
