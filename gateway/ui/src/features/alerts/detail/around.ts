/** Where else to look: the metrics, logs and events around an alert, as parts of addresses. */

import type { Alert } from "@/generated/api.schemas";

const AROUND_MS = 30 * 60_000;
/** What tells series of the rule's own result apart; others may be added on the way to the hub. */
const SERIES = ["alertname", "namespace", "pod", "container", "node", "instance", "job", "service"] as const;
/** What lines of logs are usually found by. */
const STREAM = ["namespace", "pod", "container"] as const;

type Told = Pick<Alert, "labels" | "generator_url" | "starts_at" | "alertname">;

/** The rule's own expression where the source's link tells it, else the series of its alerts. */
export function promqlOf({ labels, generator_url, alertname }: Told): string {
  return expressionOf(generator_url) ?? `ALERTS${selector({ ...labels, alertname }, SERIES)}`;
}

function expressionOf(url: string | null | undefined): string | undefined {
  if (!url || !URL.canParse(url)) return undefined;
  return new URL(url).searchParams.get("g0.expr") || undefined;
}

/** The lines of what it is about; undefined where its labels do not tell. */
export function logqlOf({ labels }: Pick<Alert, "labels">): string | undefined {
  const found = selector(labels, STREAM);
  return found === "{}" ? undefined : found;
}

function selector(labels: Alert["labels"], names: readonly string[]): string {
  const parts = names.filter((name) => labels[name]).map((name) => `${name}=${quoted(labels[name]!)}`);
  return `{${parts.join(",")}}`;
}

const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

/** Half an hour before it began to half an hour after, but not into what has not come yet. */
export function aroundStart({ starts_at }: Pick<Alert, "starts_at">, now: number): { from: string; to: string } {
  const start = Date.parse(starts_at);
  const to = Math.max(Math.min(start + AROUND_MS, now), start + 60_000);
  return { from: new Date(start - AROUND_MS).toISOString(), to: new Date(to).toISOString() };
}

export const LATELY = { from: "now-1h", to: "now" } as const;

/** A link that may be followed: what an annotation says is anybody's text. */
export function safeLink(text: string | null | undefined): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}
