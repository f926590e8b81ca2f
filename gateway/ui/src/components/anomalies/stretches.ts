/** Anomalies as stretches under a chart. */

import { anomalyTitle, deviationInWords, seriesInWords, TONES } from "@/components/anomalies/words";
import type { Stretch } from "@/components/chart/stretches";
import type { Anomaly } from "@/generated/api.schemas";

export function stretchOf(anomaly: Anomaly): Stretch {
  const { id, severity, deviation_percent: percent, detected_at, ended_at, explanation } = anomaly;
  return {
    id,
    from: Date.parse(detected_at),
    until: ended_at == null ? undefined : Date.parse(ended_at),
    tone: TONES[severity],
    title: `${anomalyTitle(anomaly)}${percent === null ? "" : `, ${deviationInWords(percent)}`}`,
    series: seriesInWords(anomaly) || undefined,
    words: explanation,
  };
}
