/** Health in words and tones. */

import type { Checked } from "@/generated/api.schemas";

/** Half is gone when the API server does not answer; anything below 100 is a check that failed. */
export function scoreTone(score: number): "success" | "warning" | "danger" {
  return score >= 100 ? "success" : score >= 50 ? "warning" : "danger";
}

export const SPOKEN: Readonly<Record<Checked, string>> = {
  API_SERVER: "API server",
  PROMETHEUS: "Prometheus",
  TEMPO: "Tempo",
  LOKI: "Loki",
  ALERTMANAGER: "Alertmanager",
  KORREL8R: "Korrel8r",
};

/** What cannot be had while it does not answer. */
export const LOST: Readonly<Record<Checked, string>> = {
  API_SERVER: "discovery",
  PROMETHEUS: "metrics",
  TEMPO: "traces",
  LOKI: "logs",
  ALERTMANAGER: "silences",
  KORREL8R: "related signals",
};
