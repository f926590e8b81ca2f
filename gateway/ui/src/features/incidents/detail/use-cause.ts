/** What the hub takes for the cause of an incident: read, kept fresh, looked for anew. */

import { keepPreviousData, useMutation, useQueryClient } from "@tanstack/react-query";

import { analyzeRootCause, useGetRootCause, useListRootCauses } from "@/generated/api";
import type { RcaResult } from "@/generated/api.schemas";
import type { LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PATH = "/api/v1/analysis/rca";
const EVENTS = ["RCA_COMPLETE"];

const resultOf = ({ payload }: LiveEvent) => (payload as { result?: RcaResult }).result;

/** The newest analysis of an incident at the instant that is shown; `none`: there is none yet. */
export function useCause(incident: string) {
  const asOf = useAsOf();
  const enabled = asOf.as_of === undefined;
  useRefreshOn({ types: EVENTS, enabled, which: (event) => resultOf(event)?.incident_id === incident }, [PATH]);
  const list = useListRootCauses({ incident_id: [incident], page_size: 1, ...asOf }, { query: { placeholderData: keepPreviousData } });
  const id = list.data?.items[0]?.id;
  // The newest one of another instant may not have been there at this one.
  const known = id !== undefined && !list.isPlaceholderData;
  const one = useGetRootCause(id ?? "", asOf, { query: { enabled: known, placeholderData: keepPreviousData } });
  return {
    analysis: id === undefined ? undefined : one.data,
    none: list.data !== undefined && id === undefined,
    error: list.error ?? one.error,
  };
}

/** Look for the cause by what is known now. */
export function useLookAgain(incident: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => analyzeRootCause({ incident_id: incident }),
    onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith(PATH) }),
  });
}
