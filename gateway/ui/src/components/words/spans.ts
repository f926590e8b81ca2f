/** What stands in a line: plain words, bold ones, emphasised ones, and code. */

export interface Span {
  text: string;
  /** Where it stands in the whole text, with what marks it. */
  from: number;
  to: number;
  strong: boolean;
  em: boolean;
  code: boolean;
}

const ESCAPED = /[\\`*_{}[\]()#+\-.!|~<>]/;

/** `from`: characters before the line. Links, images and HTML are the text that they are. */
export function spansOf(text: string, from: number): Span[] {
  const found: Span[] = [];
  const how = { strong: false, em: false };
  let plain = "";
  let begin = 0;
  const flush = (end: number) => {
    if (plain !== "") found.push({ text: plain, from: from + begin, to: from + end, ...how, code: false });
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const code = text[at] === "`" ? /^(`+)([^`].*?|[^`])\1(?!`)/.exec(text.slice(at)) : null;
    const mark = code === null ? markAt(text, at, how) : undefined;
    if (code !== null) {
      flush(at);
      found.push({ text: code[2]!.trim(), from: from + at, to: from + at + code[0].length, ...how, code: true });
      at += code[0].length;
      begin = at;
    } else if (mark !== undefined) {
      flush(at);
      at += mark === "strong" ? 2 : 1;
      how[mark] = !how[mark];
      begin = at;
    } else if (text[at] === "\\" && ESCAPED.test(text[at + 1] ?? "")) {
      flush(at);
      plain = text[at + 1]!;
      begin = at;
      at += 2;
      // By itself, as it is longer in the text than what is shown of it.
      flush(at);
      begin = at;
    } else {
      plain += text[at]!;
      at += 1;
    }
  }
  flush(at);
  return found;
}

/** What begins or ends here; stars that stand alone are stars. */
function markAt(text: string, at: number, { strong, em }: { strong: boolean; em: boolean }): "strong" | "em" | undefined {
  if (text[at] !== "*") return undefined;
  const isDouble = text[at + 1] === "*";
  if (isDouble && strong) return /\S/.test(text[at - 1] ?? "") ? "strong" : undefined;
  if (isDouble && !strong) return /^\*\*[^\s*].*?[^\s*]\*\*|^\*\*[^\s*]\*\*/.test(text.slice(at)) ? "strong" : undefined;
  if (em) return /\S/.test(text[at - 1] ?? "") ? "em" : undefined;
  return /^\*[^\s*](?:[^*]*[^\s*])?\*(?!\*)/.test(text.slice(at)) ? "em" : undefined;
}
