/** What the hub is asked for, made of what stands in the URL. */

import type { Alert, ListAlertsParams } from "@/generated/api.schemas";
import { NO_NAMESPACE, type AlertsSearch, type Filters } from "@/features/alerts/search";
import { parseInstant, type Range } from "@/lib/time";

/** The question, with the time range as it is written: `now` counts when it is asked. */
export interface Asked {
  params: ListAlertsParams;
  range?: Range;
}

/** What is wanted, at the instant that is shown. */
export function asked(search: AlertsSearch, range: Range, asOf: { as_of?: string }): Asked {
  const past = search.tab === "history";
  const { severity, cluster_id, namespace, alertname, label, fingerprint, q, silenced, inhibited } = search;
  const state = past ? (["RESOLVED"] as const).slice() : search.state;
  const said = {
    severity,
    cluster_id,
    namespace: namespace?.map((name) => (name === NO_NAMESPACE ? "" : name)),
    alertname,
    label,
    fingerprint,
    state,
    q,
    // What has ended is held back by nothing.
    silenced: past || silenced === undefined ? undefined : silenced === "true",
    inhibited: past || inhibited === undefined ? undefined : inhibited === "true",
    ...asOf,
  };
  const params = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return past || search.ranged ? { params, range } : { params };
}

/** The parameters with the range's ends as they are now. */
export function atTime({ params, range }: Asked, now: number): ListAlertsParams {
  if (range === undefined) return params;
  const instant = (text: string) => new Date(parseInstant(text, now) ?? now).toISOString();
  return {
    ...params,
    from: instant(range.from),
    // What begins this instant is wanted too.
    ...(range.to === "now" ? {} : { to: instant(range.to) }),
  };
}

/** The filters of which each is a list of values. */
export const LISTS = ["state", "severity", "cluster_id", "namespace", "alertname", "label"] as const;
export type ListName = (typeof LISTS)[number];

const NOT_LISTED = ["q", "fingerprint", "silenced", "inhibited"] as const;

/** Everything that narrows what is shown, taken back. */
export const CLEARED: Filters = Object.fromEntries(
  [...LISTS, ...NOT_LISTED, "ranged"].map((name) => [name, undefined]),
);

export const isFiltered = (search: Filters): boolean =>
  [...LISTS, ...NOT_LISTED].some((name) => search[name] !== undefined) || search.ranged !== undefined;

/** The values of a list with one more, or without it if it was there. */
export function flipped(values: readonly string[] | undefined, value: string): string[] | undefined {
  const left = (values ?? []).filter((each) => each !== value);
  if (left.length === (values ?? []).length) left.push(value);
  return left.length > 0 ? left : undefined;
}

/** True if an alert is surely wanted; what only the hub can tell counts as not. */
export function surelyWanted(alert: Alert, { params, range }: Asked): boolean {
  if (params.q || params.silenced || params.inhibited || range !== undefined) return false;
  const open = params.state?.length ? params.state : ["FIRING", "PENDING"];
  const among = (values: readonly string[] | null | undefined, value: string) =>
    !values?.length || values.includes(value);
  return (
    open.includes(alert.state) &&
    among(params.severity, alert.severity) &&
    among(params.cluster_id, alert.cluster_id) &&
    among(params.namespace, alert.labels["namespace"] ?? "") &&
    among(params.alertname, alert.alertname) &&
    (!params.fingerprint || params.fingerprint === alert.fingerprint) &&
    (params.label ?? []).every((pair) => hasLabel(alert, pair))
  );
}

function hasLabel({ labels }: Alert, pair: string): boolean {
  const at = pair.indexOf("=");
  return labels[pair.slice(0, at)] === pair.slice(at + 1);
}
