import { Button, Pagination } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationTriangleIcon, HourglassHalfIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";

import { Badge, type Tone } from "@/components/badges";
import { Facts } from "@/components/facts";
import { Failure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useGetStreamingStatus, useListStreamingClients, useListStreamingSubscriptions } from "@/generated/api";
import type { StreamingStatus } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";

import { clientsOf, paceOf, wantsOf, type Client, type Pace } from "@/features/operations/clients";
import type { OperationsSearch } from "@/features/operations/search";
import { OFTEN } from "@/features/operations/use-operations";

const SIZE = 50;
const DOORS: Readonly<Record<Client["door"], string>> = { ws: "WebSocket", sse: "SSE", logs: "Log tail" };
const PACES: Readonly<Record<Pace, readonly [string, Tone, typeof CheckCircleIcon]>> = {
  live: ["Live", "success", CheckCircleIcon],
  "catching up": ["Catching up", "info", HourglassHalfIcon],
  slow: ["Slow", "warning", ExclamationTriangleIcon],
};

/** Who is told of events live, and how far each is. */
export function ClientsTab() {
  const { page = 1 } = useSearch<OperationsSearch>();
  const setSearch = useSetSearch<OperationsSearch>();
  const again = { refetchInterval: OFTEN, placeholderData: keepPreviousData } as const;
  const status = useGetStreamingStatus({ query: { refetchInterval: OFTEN } });
  const clients = useListStreamingClients({ page, page_size: SIZE }, { query: again });
  const subscriptions = useListStreamingSubscriptions({ page_size: 100 }, { query: again });
  if (!status.data || !clients.data) {
    const error = status.error ?? clients.error;
    return error ? <Failure error={error} what="The live stream" onRetry={() => void clients.refetch()} /> : <Loading />;
  }
  const rows = clientsOf(clients.data.items, subscriptions.data?.items ?? []);
  // Of many connections only some subscriptions are read; what is not known is not shown as nothing.
  const isWhole = subscriptions.data !== undefined && subscriptions.data.total <= subscriptions.data.items.length;
  return (
    <>
      <Status status={status.data} />
      {rows.length === 0 && clients.data.total > 0 ? (
        <Nothing
          title="There are fewer pages now"
          actions={
            <Button variant="secondary" onClick={() => setSearch({ page: undefined })}>
              To the first page
            </Button>
          }
        />
      ) : rows.length === 0 ? (
        <Nothing title="Nobody is connected">
          Clients connect to /ws, or to /api/v1/events/stream; this process has none now.
        </Nothing>
      ) : (
        <div className="ops-scroll panel" tabIndex={0} role="region" aria-label="Live connections">
          <table className="ops-table">
            <thead>
              <tr>
                <th scope="col">Who</th>
                <th scope="col">By</th>
                <th scope="col">State</th>
                <th scope="col" className="is-number">Behind</th>
                <th scope="col" className="is-number">Sent</th>
                <th scope="col">Connected</th>
                <th scope="col">Told of</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((client) => (
                <Row key={client.client_id} client={client} isKnown={isWhole || client.told.length > 0} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {clients.data.total > SIZE ? (
        <Pagination
          itemCount={clients.data.total}
          perPage={SIZE}
          page={page}
          perPageOptions={[]}
          onSetPage={(_, to) => setSearch({ page: to === 1 ? undefined : to })}
        />
      ) : null}
    </>
  );
}

function Status({ status }: { status: StreamingStatus }) {
  const { clients, most_clients, instance, position, in_memory_from, subscriptions, catching_up } = status;
  const total = Object.values(clients).reduce((sum, each) => sum + each, 0);
  const kinds = Object.entries(clients)
    .filter(([, many]) => many > 0)
    .map(([door, many]) => `${count(many)} ${DOORS[door as Client["door"]] ?? door}`);
  return (
    <section className="panel" aria-labelledby="ops-live">
      <h2 id="ops-live">Live stream of {instance}</h2>
      <Facts
        columns={3}
        of={[
          ["Connections", `${count(total)} of at most ${count(most_clients)}`],
          ["Of these", kinds.length > 0 ? kinds.join(", ") : "none"],
          ["Subscriptions", `${count(subscriptions)}, ${count(catching_up)} catching up`],
          ["Position", `event ${count(position)}`],
          ["In memory", position > in_memory_from ? `from event ${count(in_memory_from + 1)}` : "nothing yet"],
        ]}
      />
      <p className="hint">Of the process that answers; other gateways have clients of their own.</p>
    </section>
  );
}

function Row({ client, isKnown }: { client: Client; isKnown: boolean }) {
  const { user, role, address, door, sent, connected_at, stalled_seconds, told, behind } = client;
  const pace = paceOf(client);
  const [said, tone, icon] = PACES[pace];
  return (
    <tr className={pace === "slow" ? "is-unusual" : undefined}>
      <th scope="row">
        {user ?? "not logged in"}
        <div className="hint">{[role, address].filter(Boolean).join(", ")}</div>
      </th>
      <td>{DOORS[door]}</td>
      <td>
        <Badge tone={tone} icon={icon}>
          {said}
        </Badge>
        {pace === "slow" ? <div className="hint">took nothing for {lasting(stalled_seconds * 1000)}</div> : null}
      </td>
      <td className="is-number">{behind === null ? "–" : `${count(behind)}`}</td>
      <td className="is-number">{count(sent)}</td>
      <td>
        <Ago at={connected_at} />
      </td>
      <td>{isKnown ? told.map(wantsOf).join(" · ") || "nothing" : "–"}</td>
    </tr>
  );
}
