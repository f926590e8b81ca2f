/** Reports in words. */

import type { Tone } from "@/components/badges";
import type { ReportFormat, ReportProgress, ReportStatus, ReportType, ReportView } from "@/generated/api.schemas";
import { capitalised, plural } from "@/lib/format";

interface TypeWords {
  said: string;
  /** Who reads it. */
  who: string;
  has: string;
  /** Days that it is about, unless it is said otherwise. */
  days?: number;
}

export const TYPES: Readonly<Record<ReportType, TypeWords>> = {
  EXECUTIVE_SUMMARY: {
    said: "Executive summary",
    who: "For those who answer for the fleet",
    has: "One page: headline figures against the period before, incidents by severity, worst clusters, top causes, open risks.",
    days: 7,
  },
  DETAILED_ANALYSIS: {
    said: "Detailed analysis",
    who: "For operators and engineers",
    has: "Cluster by cluster: health, alerts, anomalies, GPUs, and every incident with its cause.",
    days: 1,
  },
  INCIDENT_REPORT: {
    said: "Incident report",
    who: "For the review after an incident",
    has: "One incident: timeline, root cause with its evidence, impact, actions, doubts, and a link that replays it.",
  },
  CAPACITY_PLAN: {
    said: "Capacity plan",
    who: "For those who plan and buy",
    has: "Nodes, CPU, memory and GPUs: what is used of what there is, and when it would be full by a straight line.",
    days: 30,
  },
};

export const FORMATS: Readonly<Record<ReportFormat, readonly [said: string, what: string]>> = {
  HTML: ["HTML", "Opens here, and in any browser by itself"],
  PDF: ["PDF", "To print or to send"],
  MARKDOWN: ["Markdown", "For wikis and tickets"],
  JSON: ["JSON", "Its data, for programs"],
};

export const STATUSES: Readonly<Record<ReportStatus, readonly [said: string, tone: Tone]>> = {
  QUEUED: ["Waits", "neutral"],
  RUNNING: ["Being made", "info"],
  READY: ["Ready", "success"],
  FAILED: ["Failed", "danger"],
};

export const typesSaid = Object.fromEntries(Object.entries(TYPES).map(([type, { said }]) => [type, said])) as Record<ReportType, string>;
export const statusesSaid = Object.fromEntries(Object.entries(STATUSES).map(([status, [said]]) => [status, said])) as Record<ReportStatus, string>;

/** Nothing more comes of it. */
export const isOver = ({ status }: Pick<ReportView, "status">): boolean => status === "READY" || status === "FAILED";

/** `Reading alerts, step 3 of 9`. */
export const stepInWords = ({ step, done, of }: ReportProgress): string => `${capitalised(step)}, step ${done} of ${of}`;

const ADVICE: Readonly<Record<string, string>> = {
  QUERY_TIMEOUT: "Ask for a shorter period or fewer clusters.",
  LIMIT_REACHED: "Delete reports that nobody needs any more, then ask again.",
  INCIDENT_NOT_FOUND: "It is there no more, or it is about clusters that whoever asked does not see.",
  CLUSTER_NOT_FOUND: "A cluster of its scope is there no more: ask again without it.",
  PERMISSION_DENIED: "Whoever asked may not read all of it.",
  INTERNAL_ERROR: "Ask for it again; if it fails again, an administrator has to look into it.",
};

/** Why it was not made, and what to do. */
export function failureInWords({ code, reason }: Pick<ReportView, "code" | "reason">): string {
  const why = capitalised((reason ?? "Nobody has said why").replace(/\.?$/, "."));
  return [why, ADVICE[code ?? ""] ?? "Ask for it again."].join(" ");
}

/** What it lacks; undefined: nothing. */
export const gapsInWords = ({ gaps }: Pick<ReportView, "gaps">): string | undefined =>
  gaps ? `${plural(gaps, "thing")} could not be read: the report says which.` : undefined;

/** A time of the clock without its seconds. */
export const toMinute = (clock: string): string => clock.replace(/(\d\d:\d\d):\d\d/, "$1");
