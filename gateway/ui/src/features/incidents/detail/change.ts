/** What people do about an incident: shown at once, taken back if the hub refuses. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import {
  acknowledgeIncident,
  getGetIncidentQueryKey,
  mergeIncidents,
  reopenIncident,
  resolveIncident,
  splitIncident,
} from "@/generated/api";
import type { IncidentDetail, IncidentView, Outcome } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf } from "@/lib/moment";
import { useRights } from "@/lib/rights";

export type Change =
  | { what: "acknowledge" | "resolve" | "reopen"; comment: string }
  | { what: "merge"; other: string; comment: string }
  | { what: "split"; signals: readonly string[]; comment: string };

export type What = Change["what"];

/** Said of one that did not come about. */
export const NOT_DONE: Readonly<Record<What, string>> = {
  acknowledge: "The incident was not acknowledged",
  resolve: "The incident was not resolved",
  reopen: "The incident was not reopened",
  merge: "The incidents were not merged",
  split: "The incident was not split",
};

// Without the version that was seen: in a storm there is a new one each second. What matters of it, that somebody
// else has taken it up or resolved it, or that a signal is another one's, the hub refuses by itself.
function ask(id: string, change: Change): Promise<IncidentDetail | Outcome> {
  const { comment } = change;
  switch (change.what) {
    case "acknowledge":
      return acknowledgeIncident(id, { comment });
    case "resolve":
      return resolveIncident(id, { comment });
    case "reopen":
      return reopenIncident(id, { comment });
    case "merge":
      return mergeIncidents(id, { other_id: change.other, comment });
    case "split":
      return splitIncident(id, { signal_ids: [...change.signals], comment });
  }
}

/** The hub has taken it, and what comes of it is not seen yet. */
export const isTaken = (answer: IncidentDetail | Outcome): answer is Outcome => "command_id" in answer;

/** The incident as it will be, if nothing is against it. */
function after(incident: IncidentDetail, { what }: Change, by: string | null, now: string): IncidentDetail {
  const anew = { acknowledged_by: null, acknowledged_at: null, resolved_by: null, resolved_at: null };
  switch (what) {
    case "acknowledge":
      return { ...incident, state: "ACKNOWLEDGED", acknowledged_by: by, acknowledged_at: now };
    case "resolve":
      return { ...incident, state: "RESOLVED", resolved_by: by, resolved_at: now };
    case "reopen":
      return { ...incident, ...anew, state: "OPEN" };
    default:
      return incident;
  }
}

export function useChange(id: string, onDone: (answer: IncidentDetail | Outcome, change: Change) => void) {
  const client = useQueryClient();
  const { me } = useRights();
  const key = getGetIncidentQueryKey(id, {});
  return useMutation({
    mutationFn: (change: Change) => ask(id, change),
    onMutate: async (change) => {
      await client.cancelQueries({ queryKey: key });
      const before = client.getQueryData<IncidentDetail>(key);
      const now = new Date().toISOString();
      if (before) client.setQueryData(key, after(before, change, me?.user ?? null, now));
      return before;
    },
    onError: (_, __, before) => client.setQueryData(key, before),
    onSuccess: (answer, change) => {
      if (!isTaken(answer)) client.setQueryData(getGetIncidentQueryKey(answer.id, {}), answer);
      onDone(answer, change);
    },
    onSettled: () =>
      client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("/api/v1/incidents") }),
  });
}

/** Where the hub refuses since it is another incident by now, which one that is. */
export function wentInto(error: Error): string | undefined {
  const into = error instanceof ApiError ? error.details["merged_into"] : undefined;
  return typeof into === "string" ? into : undefined;
}

/** It is not as whoever asked has seen it. */
export const isConflict = (error: Error): boolean =>
  error instanceof ApiError && (error.code === "VERSION_CONFLICT" || error.code === "PRECONDITION_FAILED");

interface MayChange {
  /** Otherwise nothing is offered. */
  may: boolean;
  /** Why it cannot be done now, whoever is here; undefined: it can. */
  notNow: string | undefined;
}

/** Incidents are changed by whoever is an operator of every cluster that they are about. */
export function useMayChange({ cluster_ids, redacted, merged_into }: IncidentView): MayChange {
  const { as_of } = useAsOf();
  const { operates } = useRights();
  const every = cluster_ids.length === 0 ? operates() : cluster_ids.every((cluster) => operates(cluster));
  return {
    may: every && !redacted && merged_into === null,
    notNow: as_of === undefined ? undefined : "The past cannot be changed: go back to live first",
  };
}
