/** Where else to look for an alert: its rule's series, and the lines of what it is about. */

import { selector } from "@/components/neighbourhood/queries";
import type { Alert } from "@/generated/api.schemas";

/** What tells series of the rule's own result apart; others may be added on the way to the hub. */
const SERIES = ["alertname", "namespace", "pod", "container", "node", "instance", "job", "service"] as const;
/** What lines of logs are usually found by. */
const STREAM = ["namespace", "pod", "container"] as const;

type Told = Pick<Alert, "labels" | "generator_url" | "alertname">;

/** The rule's own expression where the source's link tells it, else the series of its alerts. */
export function promqlOf({ labels, generator_url, alertname }: Told): string {
  return expressionOf(generator_url) ?? `ALERTS${selected({ ...labels, alertname }, SERIES)}`;
}

function expressionOf(url: string | null | undefined): string | undefined {
  if (!url || !URL.canParse(url)) return undefined;
  return new URL(url).searchParams.get("g0.expr") || undefined;
}

/** The lines of what it is about; undefined where its labels do not tell. */
export function logqlOf({ labels }: Pick<Alert, "labels">): string | undefined {
  const found = selected(labels, STREAM);
  return found === "{}" ? undefined : found;
}

const selected = (labels: Alert["labels"], names: readonly string[]): string =>
  selector(Object.fromEntries(names.filter((name) => labels[name]).map((name) => [name, labels[name]!])));
