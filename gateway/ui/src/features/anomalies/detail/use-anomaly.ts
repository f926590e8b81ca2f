/** One anomaly, and how events keep it fresh. */

import { keepPreviousData, useMutation, useQueryClient } from "@tanstack/react-query";

import { ANOMALY_EVENTS } from "@/components/anomalies/words";
import { getGetAnomalyQueryKey, giveAnomalyFeedback, useGetAnomaly } from "@/generated/api";
import type { AnomalyFeedback, AnomalyFeedbackGiven, AnomalyView } from "@/generated/api.schemas";
import { anomalyOf } from "@/features/anomalies/list/rows";
import type { LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PATH = "/api/v1/anomalies";

/** At the instant that is shown. */
export function useAnomaly(id: string) {
  const asOf = useAsOf();
  const which = (event: LiveEvent) => (anomalyOf(event)?.id ?? (event.payload as Partial<AnomalyFeedbackGiven>).anomaly_id) === id;
  useRefreshOn({ types: ANOMALY_EVENTS, enabled: asOf.as_of === undefined, which }, [`${PATH}/${id}`]);
  return useGetAnomaly(id, asOf, { query: { placeholderData: keepPreviousData } });
}

/** Says whether it was right to tell it; the last word counts. */
export function useFeedback(id: string) {
  const client = useQueryClient();
  const asOf = useAsOf();
  return useMutation({
    mutationFn: (said: AnomalyFeedback) => giveAnomalyFeedback(id, said),
    onSuccess: async (answer) => {
      // Taken, but not visible yet: an event tells when it is.
      if ("explanation" in answer) client.setQueryData<AnomalyView>(getGetAnomalyQueryKey(id, asOf), answer);
      await client.invalidateQueries({ queryKey: [PATH] });
    },
  });
}
