import { useQuery } from "@tanstack/react-query";

import type { Window } from "@/components/explain/differences";
import { ExplainPart } from "@/components/explain/explain-part";
import { InlineFailure, Loading } from "@/components/states";
import type { NodeId } from "@/features/gpu/search";
import { listEvents } from "@/generated/api";
import type { EventRecord, GpuView } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { GPU_FACTS, gpuTold, isGpuFact, type GpuFact } from "@/lib/gpus";
import { useAsOf, useClock } from "@/lib/moment";
import { PageLink } from "@/lib/place";

/** Of the cluster; those of other nodes are among them. */
const MOST_READ = 1_000;
const MOST_TOLD = 8;

interface HappenedProps {
  node: NodeId;
  /** Without it: all of the node. */
  gpu: GpuView | undefined;
  window: Window;
}

/** What the log tells of the node's GPUs in the window, the latest first. */
export function Happened(props: HappenedProps) {
  const { data, error } = useEvents(props);
  return (
    <ExplainPart title="What happened in that time">
      {error ? <InlineFailure error={error} what="The events could not be read" /> : null}
      {data !== undefined ? (
        <Told {...data} whose={props.gpu === undefined ? "GPUs of this node" : "this GPU"} />
      ) : error ? null : (
        <Loading lines={2} label="Loading the events" />
      )}
    </ExplainPart>
  );
}

interface Found {
  events: EventRecord[];
  /** There are more than were read. */
  isCut: boolean;
}

function useEvents({ node, gpu, window }: HappenedProps) {
  const params = {
    event_type: [...GPU_FACTS],
    cluster_id: node.cluster,
    from: new Date(window.start).toISOString(),
    to: new Date(window.end).toISOString(),
    order: "desc",
    limit: MOST_READ,
    ...(gpu === undefined ? {} : { entity_type: "gpu", entity_id: gpu.uuid }),
    ...useAsOf(),
  } as const;
  return useQuery({
    queryKey: ["/api/v1/events", "happened", node.name, params],
    queryFn: async ({ signal }): Promise<Found> => {
      const { items, next_cursor } = await listEvents({ ...params, event_type: [...params.event_type] }, { signal });
      return { events: items.filter((event) => nodeOf(event) === node.name), isCut: next_cursor !== null };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

const nodeOf = ({ payload }: EventRecord): string | undefined => (payload as Partial<GpuFact> | null)?.node_name;

function Told({ events, isCut, whose }: Found & { whose: string }) {
  const clock = useClock();
  const left = events.length - MOST_TOLD;
  if (events.length === 0) {
    return <p>{isCut ? `Of the newest ${count(MOST_READ)} events of GPUs of the cluster none is of ${whose}.` : `The log tells of no event of ${whose}.`}</p>;
  }
  return (
    <>
      <ol className="gpu-happened" aria-label="Events, the latest first">
        {events.slice(0, MOST_TOLD).map(({ event_id, event_type, sequence, payload, timestamp }) => (
          <li key={event_id}>
            <time dateTime={timestamp} className="numbers quiet" title={clock(timestamp)}>
              {clock(timestamp).slice(11)}
            </time>
            <span>
              {isGpuFact(event_type) ? gpuTold(event_type, payload) : event_type}{" "}
              {sequence === null ? null : (
                <PageLink to="/events" search={{ event: sequence }}>
                  event {sequence}
                </PageLink>
              )}
            </span>
          </li>
        ))}
      </ol>
      {left > 0 ? <p className="hint">and {isCut ? `at least ${plural(left, "earlier one")}` : plural(left, "earlier one")}</p> : null}
    </>
  );
}
