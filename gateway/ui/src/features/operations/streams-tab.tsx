import { Progress } from "@patternfly/react-core";
import { ExclamationTriangleIcon } from "@patternfly/react-icons";

import { Badge } from "@/components/badges";
import { Facts } from "@/components/facts";
import { Failure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useListStreams } from "@/generated/api";
import type { ConsumerState, StreamState } from "@/generated/api.schemas";
import { bytes, count, plural } from "@/lib/format";
import { lasting } from "@/lib/time";

import { OFTEN } from "@/features/operations/use-operations";
import { unusual } from "@/features/operations/verdict";

const PURPOSES: Readonly<Record<string, string>> = {
  EVT: "Events: the log of all that has happened",
  TEL: "Telemetry: samples and checks, kept for a while",
  CMD: "Commands that wait for a worker",
  DLQ: "Dead letters: what could not be handled",
  SCH: "What is due, and when",
  KV_outcomes: "What became of commands",
  KV_query_cache: "Answers that are asked for again",
  LEASE: "Which process does what only one may do",
};

/** What the bus holds, how full it is, and who reads it. */
export function StreamsTab() {
  const { data, error, refetch } = useListStreams({ query: { refetchInterval: OFTEN } });
  if (!data) return error ? <Failure error={error} what="The streams" onRetry={() => void refetch()} /> : <Loading />;
  // Those that somebody reads are those that one comes for.
  const streams = data.items.toSorted((a, b) => Number(b.consumers.length > 0) - Number(a.consumers.length > 0));
  return (
    <div className="ops-cards is-wide">
      {streams.map((stream) => (
        <Stream key={stream.name} stream={stream} />
      ))}
    </div>
  );
}

function Stream({ stream }: { stream: StreamState }) {
  const { name, messages, bytes: size, first_sequence, last_sequence, first_at, last_at, replicas } = stream;
  return (
    <section className="panel ops-card" aria-labelledby={`ops-stream-${name}`}>
      <header className="ops-card-head">
        <h2 id={`ops-stream-${name}`}>{name}</h2>
        <span className="hint mono">{stream.subjects.join(" ")}</span>
      </header>
      {PURPOSES[name] ? <p className="hint">{PURPOSES[name]}</p> : null}
      <div className="ops-figure">
        <strong className="numbers">{count(messages)}</strong>
        <span>
          {messages === 1 ? "message" : "messages"}, {bytes(size)}
        </span>
      </div>
      <Limits stream={stream} />
      <Facts
        of={[
          [
            "Sequences",
            <span key="sequences" className="numbers">
              {messages === 0 ? `next is ${count(last_sequence + 1)}` : `${count(first_sequence)} – ${count(last_sequence)}`}
            </span>,
          ],
          ["First", first_at === null ? undefined : <Ago at={first_at} />],
          ["Last", last_at === null ? undefined : <Ago at={last_at} />],
          ["Copies", replicas],
        ]}
      />
      <Consumers stream={stream} />
    </section>
  );
}

function Limits({ stream: { name, limits } }: { stream: StreamState }) {
  const said = [
    limits.bytes === null ? "" : bytes(limits.bytes),
    limits.messages === null ? "" : plural(limits.messages, "message"),
    limits.age_seconds === null ? "" : lasting(limits.age_seconds * 1000),
  ].filter(Boolean);
  if (said.length === 0) return <p className="hint">No limit: nothing is dropped.</p>;
  const full = Math.round((limits.fullness ?? 0) * 100);
  const refuses = limits.when_full === "new";
  const variant = refuses && full >= 95 ? "danger" : refuses && full >= 80 ? "warning" : undefined;
  return (
    <div>
      {limits.fullness === null ? null : (
        <Progress
          aria-label={`How full ${name} is`}
          value={full}
          size="sm"
          {...(variant ? { variant } : {})}
        />
      )}
      <p className="hint">
        At most {said.join(", ")}. {refuses ? "When full, new messages are refused." : "The oldest go first."}
      </p>
    </div>
  );
}

function Consumers({ stream: { name, consumers, consumers_truncated } }: { stream: StreamState }) {
  if (consumers.length === 0) return null;
  const odd = consumers.filter((each) => unusual(each).length > 0);
  return (
    <details open={odd.length > 0}>
      <summary>
        {plural(consumers.length, "consumer")}
        {consumers_truncated ? " or more" : ""}
        {odd.length > 0 ? (
          <>
            {", "}
            <Badge tone="warning" icon={ExclamationTriangleIcon}>{`${odd.length} unusual`}</Badge>
          </>
        ) : (
          ", none behind"
        )}
      </summary>
      <div className="ops-scroll" tabIndex={0} role="region" aria-label={`Consumers of ${name}`}>
        <table className="ops-table">
          <thead>
            <tr>
              <th scope="col">Consumer</th>
              <th scope="col" className="is-number">Waiting</th>
              <th scope="col" className="is-number">In hand</th>
              <th scope="col" className="is-number">Given again</th>
              <th scope="col">Last active</th>
            </tr>
          </thead>
          <tbody>
            {consumers.map((consumer) => (
              <Consumer key={consumer.name} consumer={consumer} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Consumer({ consumer }: { consumer: ConsumerState }) {
  const { name, durable, filters, pending, ack_pending, redelivered, last_active } = consumer;
  const odd = unusual(consumer);
  return (
    <tr className={odd.length > 0 ? "is-unusual" : undefined}>
      <th scope="row" title={filters.join("\n")}>
        <span className="mono">{name}</span>
        {durable ? null : <span className="hint"> of one process</span>}
        {odd.map((what) => (
          <div key={what} className="ops-odd">
            <Badge tone="warning" icon={ExclamationTriangleIcon}>
              {what}
            </Badge>
          </div>
        ))}
      </th>
      <td className="is-number">{count(pending)}</td>
      <td className="is-number">{count(ack_pending)}</td>
      <td className="is-number">{count(redelivered)}</td>
      <td>
        <Ago at={last_active} />
      </td>
    </tr>
  );
}
