/** What the page of anomalies keeps in its URL; names are those of the API wherever it has one. */

import { AnomalySeverity, AnomalyType, DetectionType } from "@/generated/api.schemas";
import { flag, list, oneOf, someOf, text, type Raw } from "@/lib/search";

export const SEVERITIES: readonly AnomalySeverity[] = Object.values(AnomalySeverity);
export const TYPES: readonly AnomalyType[] = Object.values(AnomalyType);
export const METHODS: readonly DetectionType[] = Object.values(DetectionType);
export const STATES = ["OPEN", "ENDED"] as const;
export const VERDICTS = ["USEFUL", "NOISE", "NONE"] as const;
export type State = (typeof STATES)[number];
export type VerdictOrNone = (typeof VERDICTS)[number];

export interface AnomaliesSearch {
  /** Without it: the anomalies. */
  tab?: "watches" | undefined;
  state?: State[] | undefined;
  severity?: AnomalySeverity[] | undefined;
  anomaly_type?: AnomalyType[] | undefined;
  detection_type?: DetectionType[] | undefined;
  verdict?: VerdictOrNone[] | undefined;
  cluster_id?: string[] | undefined;
  metric?: string | undefined;
  watch_id?: string | undefined;
  /** `name=value` each. */
  label?: string[] | undefined;
  /** `severity`: the worst first; without it the newest. */
  sort?: "severity" | undefined;
  /** Only those of the page's time range, not of all times. */
  within?: "range" | undefined;
  /** The watch in the drawer; `new`: one that is to be made. */
  watch?: string | undefined;
  /** It is told what differs in the chart of that watch from before. */
  explain?: true | undefined;
}

/** What the page of one anomaly keeps in its URL. */
export interface AnomalySearch {
  /** It is told what differs while it lasts from before. */
  explain?: true | undefined;
}

export const readAnomalySearch = (raw: Raw): AnomalySearch => ({ explain: flag(raw["explain"]) || undefined });

export function readAnomaliesSearch(raw: Raw): AnomaliesSearch {
  return {
    tab: oneOf(raw["tab"], ["watches"]),
    state: someOf(raw["state"], STATES),
    severity: someOf(raw["severity"], SEVERITIES),
    anomaly_type: someOf(raw["anomaly_type"], TYPES),
    detection_type: someOf(raw["detection_type"], METHODS),
    verdict: someOf(raw["verdict"], VERDICTS),
    cluster_id: list(raw["cluster_id"]),
    metric: text(raw["metric"]),
    watch_id: text(raw["watch_id"]),
    label: list(raw["label"])?.filter((each) => /^[^=]+=/.test(each)),
    sort: oneOf(raw["sort"], ["severity"]),
    within: oneOf(raw["within"], ["range"]),
    watch: text(raw["watch"]),
    explain: flag(raw["explain"]) || undefined,
  };
}
