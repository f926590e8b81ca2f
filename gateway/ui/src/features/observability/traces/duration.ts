/** Durations of spans, from microseconds to hours, and times within a trace. */

/** `72.7 ms`, `1.03 s`, `350 µs`: three digits that count. */
export function duration(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size === 0) return "0 ms";
  if (size < 1) return `${digits(milliseconds * 1_000)} µs`;
  if (size < 1_000) return `${digits(milliseconds)} ms`;
  if (size < 60_000) return `${digits(milliseconds / 1_000)} s`;
  if (size < 3_600_000) return `${digits(milliseconds / 60_000)} min`;
  return `${digits(milliseconds / 3_600_000)} h`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  const kept = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return String(Number(value.toFixed(kept)));
}

/** Milliseconds from one time to another; both RFC 3339 with up to nanoseconds, none of which are lost. */
export function between(from: string, to: string): number {
  const [a, b] = [split(from), split(to)];
  return b.second - a.second + (b.nanos - a.nanos) / 1e6;
}

function split(text: string): { second: number; nanos: number } {
  const [, seconds = "", fraction = "", zone = "Z"] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  return { second: Date.parse(seconds + (zone || "Z")), nanos: Number(fraction.slice(0, 9).padEnd(9, "0")) };
}

/** The time so many milliseconds later, as text. */
export const later = (at: string, milliseconds: number): string =>
  new Date(Date.parse(at) + milliseconds).toISOString();
