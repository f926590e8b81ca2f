/** What an error of asking in PromQL says: of the text, or of the clusters. */

import type { QueryError } from "@/components/query-editor/query-editor";
import type { ClusterMissing } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";

/** The text is no PromQL: what is wrong, and where. */
export function refusalOf(error: Error | null): QueryError | undefined {
  if (!(error instanceof ApiError) || error.code !== "INVALID_PROMQL") return undefined;
  const { position, line, column, message } = error.details;
  if (typeof position !== "number" || typeof message !== "string") return undefined;
  const place = line === 1 ? `Character ${String(column)}` : `Line ${String(line)}, character ${String(column)}`;
  return { message: `${place}: ${message}.`, position };
}

export interface Unanswered {
  queried: number;
  missing: readonly ClusterMissing[];
  /** The one reason that all of them give. */
  reason: string | undefined;
}

/** No cluster has answered, and why each has not. */
export function unansweredOf(error: Error): Unanswered | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { missing, clusters_queried: queried } = error.details;
  if (!Array.isArray(missing) || typeof queried !== "number" || missing.length === 0) return undefined;
  const told = missing as readonly ClusterMissing[];
  const reasons = new Set(told.map(({ reason }) => reason));
  return { queried, missing: told, reason: reasons.size === 1 ? told[0]!.reason : undefined };
}
