/** What a search for anomalies has come to, in words. */

import type { AnomaliesFound, SearchLimit } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

const LIMITS: Readonly<Record<SearchLimit, string>> = {
  SERIES: "there are too many",
  POINTS: "they have too many values",
  TIME: "it would have taken too long",
  LABELS: "of their labels",
  HISTOGRAMS: "they are histograms",
};

/** `2 anomalies in 1 of 12 series`. */
export function headline({ anomalies, series = [] }: Pick<AnomaliesFound, "anomalies" | "series">): string {
  const looked = series.filter(({ too_few }) => !too_few).length;
  if (series.length === 0) return "There was no series to look at";
  if (looked === 0) return `Too few values to say anything: ${plural(series.length, "series", "series")} with less than 10`;
  if (anomalies === 0) return `Nothing unusual in ${plural(looked, "series", "series")}`;
  const having = series.filter((each) => (each.anomalies ?? []).length > 0).length;
  return `${plural(anomalies, "anomaly", "anomalies")} in ${count(having)} of ${plural(looked, "series", "series")}`;
}

/** What a model was asked, and what it came to; empty where none was. */
export function judgementInWords({ judgement }: Pick<AnomaliesFound, "judgement">): string {
  if (!judgement) return "";
  const { candidates, confirmed, models = [] } = judgement;
  if (candidates === 0) return "The detector had no candidate that a model could be asked about.";
  return `Of ${plural(candidates, "candidate")} of the detector ${models.join(" and ")} finds ${confirmed === 0 ? "none" : count(confirmed)} worth attention. Severity and figures are the detector's.`;
}

/** What was not looked at, or hardly, and why; one sentence each. */
export function caveats({ series = [], left_out = [], anomalies_left_out = 0, judgement }: AnomaliesFound): string[] {
  const looked = series.filter(({ too_few }) => !too_few);
  const few = series.length - looked.length;
  const warming = looked.filter((each) => each.warming).length;
  const cut = series.filter((each) => each.cut > 0).length;
  const { not_asked = 0, cut: unseen = false } = judgement ?? {};
  return [
    warming === 0
      ? ""
      : `${warming === looked.length ? "The series have" : `${count(warming)} of them have`} less than 150 values, so little is known of what is usual: take a longer range or a smaller step.`,
    few > 0 && looked.length > 0 ? `${plural(few, "series", "series")} with less than 10 values ${few === 1 ? "was" : "were"} not looked at.` : "",
    cut > 0 ? `Of ${plural(cut, "series", "series")} only the latest values were looked at.` : "",
    ...left_out.map(({ limit, series: many }) => `${plural(many, "series", "series")} left out: ${LIMITS[limit]}.`),
    anomalies_left_out > 0 ? `The ${plural(anomalies_left_out, "weakest anomaly", "weakest anomalies")} ${anomalies_left_out === 1 ? "is" : "are"} not listed.` : "",
    not_asked > 0 ? `The model was not asked about the ${plural(not_asked, "weakest candidate", "weakest candidates")}: there are too many.` : "",
    unseen ? "Not all of it fitted the model's window; of what it has not seen nothing is listed." : "",
  ].filter(Boolean);
}
