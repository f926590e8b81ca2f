/** What an id that was typed is of: the hub is asked for each kind of thing, as an id does not tell its own. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Entry } from "@/app/palette/find";
import { getAlert, getAnomaly, getChatSession, getIncident, getReport } from "@/generated/api";
import { title } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import type { Path } from "@/lib/place";
import { uuid } from "@/lib/search";

const NONE: Entry[] = [];

interface Found {
  what: string;
  title: string;
  to: Path;
  search?: object;
}

/** Those that have answered; what is not there, or not for whoever asks, is no failure. */
async function look(id: string, asOf: { as_of?: string }, options: { signal: AbortSignal }): Promise<Found[]> {
  const answers = await Promise.allSettled<Found>([
    getIncident(id, asOf, options).then((it) => ({ what: "Incident", title: it.title, to: `/incidents/${id}` })),
    getAlert(id, asOf, options).then((it) => ({ what: "Alert", title: it.alertname, to: "/alerts", search: { alert: it.id } })),
    getAnomaly(id, asOf, options).then((it) => ({ what: "Anomaly", title: title(it.anomaly_type), to: `/anomalies/${id}` })),
    getReport(id, asOf, options).then((it) => ({ what: "Report", title: it.title, to: `/reports/${id}` })),
    getChatSession(id, options).then((it) => ({ what: "Chat", title: it.title || "Chat", to: `/chat/${id}` })),
  ]);
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

/** Nothing unless an id was typed; clusters are known without asking. */
export function useById(typed: string, clusters: ReadonlyMap<string, { id: string; name: string }>): Entry[] {
  const id = uuid(typed);
  const asOf = useAsOf();
  const known = id === undefined ? undefined : clusters.get(id);
  const { data } = useQuery({
    queryKey: ["by id", id, asOf],
    queryFn: ({ signal }) => look(id!, asOf, { signal }),
    enabled: id !== undefined && known === undefined,
    staleTime: 10_000,
  });
  return useMemo(() => {
    if (id === undefined) return NONE;
    const found: Found[] = known ? [{ what: "Cluster", title: known.name, to: `/clusters/${id}` }] : (data ?? []);
    // An event's own id, or what several belong together by.
    const belonging: Found = { what: "Events", title: "Events that belong together by it", to: "/events", search: { correlation_id: id } };
    return [...found, belonging].map(({ what, title, to, search }) => ({
      id: `id:${what}:${id}`,
      group: "By id",
      title,
      hint: what,
      pin: "first",
      to,
      ...(search ? { search } : {}),
    }));
  }, [id, known, data]);
}
