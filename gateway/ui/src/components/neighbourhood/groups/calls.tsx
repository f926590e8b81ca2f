import { Group, Item } from "@/components/neighbourhood/group";
import type { Of, Thing } from "@/components/neighbourhood/entity";
import { pageOf } from "@/components/neighbourhood/open";
import { useQuery } from "@tanstack/react-query";
import { getGetServiceMapUrl, getServiceMap } from "@/generated/api";
import type { MapEdge, ServiceMapAnswer } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { resolveRange, useAsOf, useRange } from "@/lib/moment";

/** Who calls a service and whom it calls, as the newest traces of its cluster in the time range show it. */
export function Calls({ of: { cluster, name } }: { of: Of<"workload" | "service"> }) {
  const range = useRange();
  const { as_of } = useAsOf();
  const asked = useQuery({
    queryKey: [getGetServiceMapUrl(), "near", cluster, range, as_of],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(range, as_of === undefined ? Date.now() : Date.parse(as_of));
      const answer = await getServiceMap({ cluster_id: [cluster], start_time: new Date(start).toISOString(), end_time: new Date(end).toISOString() }, { signal });
      if (answer.clusters_succeeded === 0) throw new Error(answer.missing[0]?.reason ?? "The cluster has not answered.");
      return answer;
    },
    staleTime: 30_000,
  });
  const edges = ({ edges }: ServiceMapAnswer, end: "caller" | "callee") => edges.filter((edge) => edge[end] === name);
  const items = (found: MapEdge[], other: "caller" | "callee") =>
    found.map((edge) => {
      const thing: Thing = { kind: "service", cluster, name: edge[other] };
      return <Item key={edge[other]} to={thing} open={pageOf(thing)} name={edge[other]} note={callsInWords(edge)} />;
    });
  return (
    <>
      <Group title="Called by" asked={asked} none="No trace tells of a caller." items={(found) => items(edges(found, "callee"), "caller")} />
      <Group title="Calls" asked={asked} none="No trace tells of a call." items={(found) => items(edges(found, "caller"), "callee")} />
    </>
  );
}

const callsInWords = ({ calls, errors }: MapEdge) => `${plural(calls, "call")}${errors > 0 ? `, ${count(errors)} failed` : ""}`;
