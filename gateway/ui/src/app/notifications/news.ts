/** What has happened that somebody may want to know of: which events are told, in what words, and which of them together. */

import type { AlertFired, ClusterStatusChanged, IncidentOpened, RcaComplete, RcaSummary, ReportFailed, ReportGenerated, Severity } from "@/generated/api.schemas";
import { FIRING_ALERTS, OPEN_INCIDENTS } from "@/lib/counted";
import { capitalised, placeInWords, plural, title as wordsOf } from "@/lib/format";
import type { Path } from "@/lib/place";
import { wholeTitle } from "@/lib/titles";

export type Kind = "incident" | "cause" | "report" | "failure" | "cluster" | "alert";

export interface News {
  /** The same for the same thing, however often it is told; those of all that it stands for. */
  ids: readonly string[];
  kind: Kind;
  title: string;
  /** Milliseconds since 1970, by the hub's clock: of the newest, where it stands for several. */
  at: number;
  /** The same of the oldest. */
  began: number;
  /** Of the worst of them; not everything has one. */
  severity?: Severity;
  to: Path;
  search?: object;
  /** How many it stands for, and where they were. */
  count: number;
  clusters: readonly string[];
}

/** As an event comes live or is read. */
export interface Told {
  event_id: string;
  event_type: string;
  timestamp: string;
  logged_at: string | null;
  cluster_id: string | null;
  cluster_name: string | null;
  payload: unknown;
  redacted?: boolean;
}

/** Read when a page is opened; alerts are told only as they come, the list of alerts has the others. */
export const READ = ["INCIDENT_OPENED", "REPORT_GENERATED", "REPORT_FAILED", "CLUSTER_STATUS_CHANGED"] as const;
export const FOLLOWED = [...READ, "RCA_COMPLETE", "ALERT_FIRED"] as const;

export const MOST = 100;
/** Of what one line stands for, so many are known again. */
export const MOST_IDS = 200;
/** What comes within that time is one line: alerts come in storms. */
const TOGETHER_MS: Readonly<Record<Kind, number>> = { alert: 60_000, incident: 10_000, cause: 10_000, report: 10_000, failure: 10_000, cluster: 10_000 };

const RANK: Readonly<Record<Severity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };
const GROUPS: Readonly<Record<Kind, { said: (news: News) => string; to: Path; search?: object }>> = {
  alert: { said: ({ count, clusters }) => `${plural(count, "alert")} on ${plural(clusters.length, "cluster")}`, to: "/alerts", search: FIRING_ALERTS },
  incident: { said: ({ count }) => `${plural(count, "incident")} opened`, to: "/incidents", search: OPEN_INCIDENTS },
  cause: { said: ({ count }) => `${plural(count, "cause")} found`, to: "/incidents", search: OPEN_INCIDENTS },
  report: { said: ({ count }) => `${plural(count, "report")} ready`, to: "/reports" },
  failure: { said: ({ count }) => `${plural(count, "report")} failed`, to: "/reports" },
  cluster: { said: ({ count }) => `${plural(count, "cluster")} lost`, to: "/clusters", search: { state: ["OFFLINE"] } },
};

type Said = { id: string } & Pick<News, "kind" | "title" | "to"> & Partial<Pick<News, "severity" | "search" | "clusters">>;

/** What is told of an event; undefined: nothing. `wanted`: severities of incidents and alerts that are. */
export function newsOf(event: Told, wanted: readonly Severity[]): News | undefined {
  const said = event.redacted ? undefined : sayingOf(event);
  if (said === undefined || (said.severity !== undefined && !wanted.includes(said.severity))) return undefined;
  return one(said, Date.parse(event.logged_at ?? event.timestamp), event.cluster_name);
}

const one = ({ id, ...said }: Said, at: number, cluster: string | null): News => ({
  ...said,
  ids: [id],
  at,
  began: at,
  count: 1,
  clusters: cluster === null ? [] : [cluster],
});

function sayingOf({ event_id, event_type, cluster_id, cluster_name, payload }: Told): Said | undefined {
  switch (event_type) {
    case "ALERT_FIRED": {
      const { alert, renewed } = payload as AlertFired;
      const title = `${alert.alertname} on ${cluster_name ?? "an unknown cluster"}`;
      return renewed ? undefined : { id: alert.id, kind: "alert", title, severity: alert.severity, to: "/alerts", search: { alert: alert.id } };
    }
    case "INCIDENT_OPENED": {
      const { incident } = payload as IncidentOpened;
      return { id: incident.id, kind: "incident", title: `Incident: ${wholeTitle(incident.title)}`, severity: incident.severity, to: `/incidents/${incident.id}` };
    }
    case "RCA_COMPLETE": {
      const { result } = payload as RcaComplete;
      const [cause] = result.causes;
      return cause && result.is_known && result.incident_id ? causeOf(result.incident_id, cause) : undefined;
    }
    case "REPORT_GENERATED": {
      const { report_id, asked } = payload as ReportGenerated;
      return { id: report_id, kind: "report", title: `Report ready: ${asked.title || wordsOf(asked.report_type)}`, to: `/reports/${report_id}` };
    }
    case "REPORT_FAILED": {
      const { report_id, asked } = payload as ReportFailed;
      return { id: report_id, kind: "failure", title: `Report failed: ${asked.title || wordsOf(asked.report_type)}`, to: `/reports/${report_id}` };
    }
    case "CLUSTER_STATUS_CHANGED": {
      const { new_state, old_state } = payload as ClusterStatusChanged;
      if (new_state !== "OFFLINE" || old_state === "OFFLINE" || cluster_id === null) return undefined;
      return { id: event_id, kind: "cluster", title: `Cluster lost: ${cluster_name ?? cluster_id}`, to: `/clusters/${cluster_id}` };
    }
    default:
      return undefined;
  }
}

/** An analysis that says the same as the last one of its incident is no news. */
function causeOf(incident: string, { kind, entity }: { kind: string; entity: { place: string } }): Said {
  const place = placeInWords(entity.place);
  return { id: `${incident} ${kind} ${entity.place}`, kind: "cause", title: `Cause found: ${capitalised(kind)}, ${place}`, to: `/incidents/${incident}` };
}

/** What was found before, as lists of analyses tell it. */
export const newsOfCause = ({ cause, incident_id, is_known, analysed_at }: Pick<RcaSummary, "cause" | "incident_id" | "is_known" | "analysed_at">): News[] =>
  cause && incident_id && is_known ? [one(causeOf(incident_id, cause), Date.parse(analysed_at), null)] : [];

/** The list with more in it, the newest first: each thing once, a storm in one line, and not too many. */
export function withNews(list: readonly News[], more: readonly News[]): News[] {
  const known = new Set(list.flatMap(({ ids }) => ids));
  const lines = list.map((news): Line => ({ kind: news.kind, began: news.began, at: news.at, of: [news] }));
  for (const news of more.toSorted((a, b) => a.at - b.at)) {
    const [id] = news.ids;
    if (id === undefined || known.has(id)) continue;
    known.add(id);
    const near = lines.find((line) => isNear(line, news));
    if (near === undefined) lines.unshift({ kind: news.kind, began: news.began, at: news.at, of: [news] });
    else join(near, news);
  }
  return lines
    .map(({ of }) => (of.length === 1 ? of[0]! : together(of)))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MOST);
}

interface Line extends Pick<News, "kind" | "began" | "at"> {
  of: News[];
}

function join(line: Line, news: News): void {
  line.began = Math.min(line.began, news.began);
  line.at = Math.max(line.at, news.at);
  line.of.push(news);
}

/** From the first to the last of them, so that one that comes again and again has an end too. */
const isNear = ({ kind, began, at }: Line, news: News): boolean =>
  kind === news.kind && Math.max(at, news.at) - Math.min(began, news.began) <= TOGETHER_MS[kind];

function together(all: readonly News[]): News {
  const [first] = all as [News];
  const { said, to, search } = GROUPS[first.kind];
  const severities = all.flatMap(({ severity }) => severity ?? []);
  const ids = all.flatMap((each) => each.ids);
  const both: News = {
    ...first,
    // Its first one names the line.
    ids: ids.length > MOST_IDS ? [ids[0]!, ...ids.slice(1 - MOST_IDS)] : ids,
    began: Math.min(...all.map(({ began }) => began)),
    at: Math.max(...all.map(({ at }) => at)),
    count: all.reduce((sum, { count }) => sum + count, 0),
    clusters: [...new Set(all.flatMap(({ clusters }) => clusters))],
    severity: severities.toSorted((a, b) => RANK[a] - RANK[b])[0],
    to,
    search,
  };
  return { ...both, title: said(both) };
}
