/** Notifications by the browser of alerts that begin to fire: which, and with what words. */

import type { AlertFired, Severity } from "@/generated/api.schemas";
import { plural, title } from "@/lib/format";
import type { LiveEvent } from "@/lib/live";

export type Permission = NotificationPermission | "unsupported";

/** What the browser lets us do; some have no notifications at all. */
export function permissionNow(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

/** Asks the person; only ever at a click of theirs. */
export async function askPermission(): Promise<Permission> {
  return typeof Notification === "undefined" ? "unsupported" : Notification.requestPermission();
}

export interface Told {
  title: string;
  body: string;
  /** The same for the same alerts, so that several tabs show one. */
  tag: string;
  /** What a click opens: one alert, or the list. */
  alertId: string | undefined;
}

const RANK: Readonly<Record<Severity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };
const NAMED = 3;

/** The events of alerts that have just begun, of the severities that are wanted. */
export function worthTelling(events: readonly LiveEvent[], wanted: readonly Severity[]): LiveEvent[] {
  return events.filter((event) => {
    if (event.event_type !== "ALERT_FIRED" || event.replayed) return false;
    const { alert, renewed } = fired(event);
    return !renewed && wanted.includes(alert.severity);
  });
}

/** One notification for all that came together, the worst first. */
export function notificationOf(events: readonly LiveEvent[]): Told | undefined {
  const sorted = events.toSorted((a, b) => RANK[fired(a).alert.severity] - RANK[fired(b).alert.severity]);
  const [first] = sorted;
  if (first === undefined) return undefined;
  const { alert } = fired(first);
  const tag = `aiops-${alert.id}`;
  if (sorted.length === 1) {
    return { title: said(first), body: alert.annotations["summary"] ?? "", tag, alertId: alert.id };
  }
  const worst = sorted.filter((event) => fired(event).alert.severity === alert.severity).length;
  const others = sorted.length > NAMED ? [`and ${sorted.length - NAMED} more`] : [];
  return {
    title: `${plural(sorted.length, "new alert")}, ${worst} ${alert.severity.toLowerCase()}`,
    body: [...sorted.slice(0, NAMED).map(said), ...others].join("\n"),
    tag,
    alertId: undefined,
  };
}

const fired = (event: LiveEvent) => event.payload as unknown as AlertFired;

function said(event: LiveEvent): string {
  const { alert } = fired(event);
  return `${title(alert.severity)}: ${alert.alertname} on ${event.cluster_name ?? "an unknown cluster"}`;
}
