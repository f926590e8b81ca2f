/** Points in time as people write them: `now-1h`, or RFC 3339. Durations as Prometheus writes them: `5m`. */

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^(\d+)(ms|s|m|h|d|w)$/;
const RELATIVE = /^now(?:-(\d+(?:ms|s|m|h|d|w)))?$/;

/** Milliseconds of `5m`; undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const found = DURATION.exec(text.trim());
  return found ? Number(found[1]) * UNITS[found[2]!]! : undefined;
}

/** The shortest exact text: 300000 is `5m`. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ["w", "d", "h", "m", "s"]) {
    const size = UNITS[unit]!;
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${Math.round(milliseconds)}ms`;
}

/** Milliseconds since 1970 of `now-1h` or of RFC 3339; undefined for what is neither. */
export function parseInstant(text: string, now: number): number | undefined {
  const relative = RELATIVE.exec(text.trim());
  // Over the date, as there are durations that reach beyond the first one.
  const at = relative
    ? new Date(now - (relative[1] ? parseDuration(relative[1])! : 0)).getTime()
    : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

const PLAIN = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?$/;

/** The same of what a person types: without a zone it is in theirs. */
export function readTyped(text: string, zone: "local" | "utc", now: number): number | undefined {
  const plain = PLAIN.exec(text.trim().replace(/ UTC$/, ""));
  if (!plain) return parseInstant(text, now);
  const utc = zone === "utc" || text.trim().endsWith("UTC");
  const at = Date.parse(`${plain[1]}T${plain[2] ?? "00:00"}${utc ? "Z" : ""}`);
  return Number.isNaN(at) ? undefined : at;
}

export function isRelative(text: string): boolean {
  return RELATIVE.test(text.trim());
}

export interface Range {
  from: string;
  to: string;
}

/** The range with relative ends made fixed, so that a copied link shows the same. */
export function frozen(range: Range, now: number): Range {
  const fix = (text: string) => new Date(parseInstant(text, now) ?? now).toISOString();
  return { from: fix(range.from), to: fix(range.to) };
}

/** Twice as much: one that ends now reaches twice as far back, another grows on both sides, never beyond now. */
export function zoomedOut(range: Range, now: number): Range {
  const end = parseInstant(range.to, now) ?? now;
  const length = end - (parseInstant(range.from, now) ?? end - 3_600_000);
  if (range.to === "now" && isRelative(range.from)) return { from: `now-${formatDuration(2 * length)}`, to: "now" };
  return {
    from: new Date(end - 1.5 * length).toISOString(),
    to: new Date(Math.min(now, end + length / 2)).toISOString(),
  };
}

const RANGE_WORDS: Readonly<Record<string, string>> = {
  s: "seconds",
  m: "minutes",
  h: "hours",
  d: "days",
  w: "weeks",
};

/** `Last 6 hours`, or both ends. */
export function describeRange(range: Range, format: (at: number) => string, now: number): string {
  const last = /^now-(\d+)([smhdw])$/.exec(range.from);
  if (last && range.to === "now") {
    const word = RANGE_WORDS[last[2]!]!;
    return last[1] === "1" ? `Last ${word.slice(0, -1)}` : `Last ${last[1]} ${word}`;
  }
  const ends = [range.from, range.to].map((end) => format(parseInstant(end, now) ?? now));
  return ends.join(" – ");
}

const AGES: readonly [number, Intl.RelativeTimeFormatUnit][] = [
  [60_000, "second"],
  [3_600_000, "minute"],
  [86_400_000, "hour"],
  [30 * 86_400_000, "day"],
  [Number.POSITIVE_INFINITY, "month"],
];
const SIZES: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 30 * 86_400_000,
};
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** `5 min. ago`, `in 5 min.`; below a second `now`. */
export function ago(at: number, now: number): string {
  const age = now - at;
  const unit = AGES.find(([limit]) => Math.abs(age) < limit)![1];
  return AGO.format(-Math.trunc(age / SIZES[unit]!), unit);
}

/** Clocks differ, and a page reads its own every few seconds: what is so little ahead is no future. */
const NOW_MS = 30_000;

/** The same of what another clock says. */
export function agoElsewhere(at: number, now: number): string {
  return ago(at, at - now < NOW_MS ? Math.max(at, now) : now);
}

/** `2 h 5 min`: how long something lasted, in its two largest units. */
export function lasting(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor((seconds % 86_400) / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** `2026-01-31 12:00:00`, in UTC marked so. */
export function clockTime(at: number, zone: "local" | "utc", precision: "s" | "ms" = "s"): string {
  const shift = zone === "utc" ? 0 : new Date(at).getTimezoneOffset() * 60_000;
  const text = new Date(at - shift).toISOString();
  const cut = precision === "ms" ? 23 : 19;
  return text.slice(0, cut).replace("T", " ") + (zone === "utc" ? " UTC" : "");
}
