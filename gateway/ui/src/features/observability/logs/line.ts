/** A log line as it is shown, and what can be found in it: its level, a trace, the pod it comes from. */

import type { LogLine } from "@/generated/api.schemas";

export interface Line extends LogLine {
  /** The same for the same line, however it came. */
  key: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Older than a line that was shown before it came. */
  late?: boolean;
}

export type Level = "critical" | "error" | "warning" | "info" | "debug";
export const LEVELS: readonly Level[] = ["critical", "error", "warning", "info", "debug"];
export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  critical: "FATAL",
  error: "ERROR",
  warning: "WARN",
  info: "INFO",
  debug: "DEBUG",
};

export function lineOf(line: LogLine & { late?: boolean }): Line {
  const { cluster_id, timestamp, stream, message } = line;
  const key = `${cluster_id}/${timestamp}/${digest(JSON.stringify(stream) + message)}`;
  return { ...line, key, at: Date.parse(timestamp) };
}

const NAMES: readonly (readonly [RegExp, Level])[] = [
  [/^(?:crit(?:ical)?|fatal|panic|emerg(?:ency)?|alert|f)$/i, "critical"],
  [/^(?:err(?:or)?|severe|e)$/i, "error"],
  [/^(?:warn(?:ing)?|w)$/i, "warning"],
  [/^(?:info(?:rmation(?:al)?)?|notice|i)$/i, "info"],
  [/^(?:debug|trace|verbose|fine|d|v)$/i, "debug"],
];

export function levelNamed(name: string | undefined): Level | undefined {
  return name === undefined ? undefined : NAMES.find(([pattern]) => pattern.test(name))?.[1];
}

const LABELS = ["detected_level", "level", "severity", "lvl"] as const;
/** `level=warn`, `"severity":"ERROR"`. */
const NAMED = /\b(?:level|severity|lvl)"?\s*[=:]\s*"?([A-Za-z]+)/;
/** `E1126 04:20:29.1`: how Kubernetes' own parts write. */
const KLOG = /^([IWEF])\d{4} \d\d:\d\d/;
/** `2026-01-31 [ERROR] …`, `WARN: …`: near the beginning, and in capitals. */
const BARE = /^.{0,60}?(?:^|[\s[(|])(FATAL|PANIC|CRITICAL|ERROR|WARN|WARNING|INFO|DEBUG|TRACE)(?=$|[\s\]):|,])/;

/** What the line says of itself, or its labels; undefined where neither does. */
export function levelOf({ stream, message }: Pick<Line, "stream" | "message">): Level | undefined {
  for (const label of LABELS) {
    const level = levelNamed(stream[label]);
    if (level) return level;
  }
  const start = message.slice(0, 2_000);
  const found = NAMED.exec(start) ?? KLOG.exec(start) ?? BARE.exec(start);
  return levelNamed(found?.[1]);
}

const TRACE = /\b(?:trace[_-]?id|traceid)"?\s*[=:]\s*"?([0-9a-f]{16,32})\b/i;
const TRACEPARENT = /\b00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b/;

/** The trace that the line belongs to. */
export function traceOf({ stream, message }: Pick<Line, "stream" | "message">): string | undefined {
  const label = stream["trace_id"] ?? stream["traceID"] ?? stream["traceId"];
  if (label !== undefined && /^[0-9a-f]{1,32}$/i.test(label)) return label;
  return (TRACE.exec(message) ?? TRACEPARENT.exec(message))?.[1];
}

export interface Origin {
  namespace: string | undefined;
  pod: string | undefined;
}

/** Where the line comes from, by the labels that collectors of logs give. */
export function originOf({ stream }: Pick<Line, "stream">): Origin {
  const of = (name: string, long: string) => stream[name] ?? stream[`kubernetes_${long}`] ?? stream[`k8s_${long}`];
  return { namespace: of("namespace", "namespace_name"), pod: of("pod", "pod_name") };
}

// oxlint-disable-next-line no-control-regex -- colours of terminals are control characters
const COLOURS = /\u001B\[[0-9;]*m/g;
/** Without what only a terminal understands. */
export const plain = (message: string): string => message.replaceAll(COLOURS, "").trimEnd();

/** JSON in lines and indented, if the message is an object or a list of it. */
export function pretty(message: string): string | undefined {
  const start = message.trimStart()[0];
  if (start !== "{" && start !== "[") return undefined;
  try {
    return JSON.stringify(JSON.parse(message), undefined, 2);
  } catch {
    return undefined;
  }
}

/** The first microsecond after it: hubs read times in microseconds, lines have nanoseconds. */
export function justAfter(timestamp: string): string {
  const [, seconds, fraction = ""] = /^(.{19})(?:\.(\d+))?/.exec(timestamp)!;
  const micros = BigInt(Date.parse(`${seconds}Z`)) * 1_000n + BigInt(fraction.slice(0, 6).padEnd(6, "0")) + 1n;
  const whole = new Date(Number(micros / 1_000_000n) * 1_000).toISOString().slice(0, 19);
  return `${whole}.${String(micros % 1_000_000n).padStart(6, "0")}Z`;
}

/** A short number for a text (FNV-1a, twice). */
function digest(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}
