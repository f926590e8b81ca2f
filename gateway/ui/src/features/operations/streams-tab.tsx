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
    <>
      <p className="hint">
        Streams are what the bus keeps. Behind means: so many messages wait for those that read it.
      </p>
      <div className="ops-scroll panel" tabIndex={0} role="region" aria-label="Streams">
        <table className="ops-table is-list">
          <thead>
            <tr>
              <th scope="col">Stream</th>
              <th scope="col" className="is-number">
                Messages
              </th>
              <th scope="col" className="is-number">
                Size
              </th>
              <th scope="col" className="is-aside">
                Full
              </th>
              <th scope="col" className="is-number is-aside">
                Consumers
              </th>
              <th scope="col" className="is-number">
                Behind
              </th>
              <th scope="col" className="is-aside">
                Last message
              </th>
            </tr>
          </thead>
          <tbody>
            {streams.map((stream) => (
              <Stream key={stream.name} stream={stream} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const COLUMNS = 7;

function Stream({ stream }: { stream: StreamState }) {
  const { name, messages, bytes: size, last_at, consumers, consumers_truncated: isCut } = stream;
  const odd = consumers.filter((each) => unusual(each).length > 0).length;
  const behind = consumers.reduce((all, { pending }) => all + pending, 0);
  return (
    <>
      <tr className={odd > 0 ? "is-unusual" : undefined}>
        <th scope="row">
          {name}
          {PURPOSES[name] ? <div className="hint ops-purpose">{PURPOSES[name]}</div> : null}
        </th>
        <td className="is-number">{count(messages)}</td>
        <td className="is-number">{bytes(size)}</td>
        <td className="is-aside">
          <Fullness stream={stream} />
        </td>
        <td className="is-number is-aside">
          {count(consumers.length)}
          {isCut ? " or more" : ""}
        </td>
        <td className="is-number">{consumers.length === 0 ? "–" : count(behind)}</td>
        <td className="is-aside">{last_at === null ? "–" : <Ago at={last_at} />}</td>
      </tr>
      <tr className="is-more">
        <td colSpan={COLUMNS}>
          <More stream={stream} odd={odd} />
        </td>
      </tr>
    </>
  );
}

/** What is kept, and who reads it; open where something is not as usual. */
function More({ stream, odd }: { stream: StreamState; odd: number }) {
  const { consumers, consumers_truncated: isCut } = stream;
  return (
    <details open={odd > 0}>
      <summary>
        {consumers.length === 0 ? "No consumer" : plural(consumers.length, "consumer")}
        {isCut ? " or more" : ""}
        {odd > 0 ? (
          <>
            {", "}
            <Badge tone="warning" icon={ExclamationTriangleIcon}>{`${odd} unusual`}</Badge>
          </>
        ) : null}
        ; what is kept
      </summary>
      <div className="ops-more">
        <Kept stream={stream} />
        {consumers.length > 0 ? <Consumers stream={stream} /> : null}
      </div>
    </details>
  );
}

function Fullness({ stream: { name, limits } }: { stream: StreamState }) {
  if (limits.fullness === null) {
    return <span className="hint">{limits.age_seconds === null ? "no limit" : `kept for ${lasting(limits.age_seconds * 1000)}`}</span>;
  }
  const full = Math.round(limits.fullness * 100);
  const refuses = limits.when_full === "new";
  const variant = refuses && full >= 95 ? "danger" : refuses && full >= 80 ? "warning" : undefined;
  return (
    <Progress
      className="ops-full"
      aria-label={`How full ${name} is`}
      value={full}
      size="sm"
      measureLocation="outside"
      {...(variant ? { variant } : {})}
    />
  );
}

/** What it takes, what of that is there, and for how long. */
function Kept({ stream }: { stream: StreamState }) {
  const { subjects, messages, first_sequence, last_sequence, first_at, last_at, replicas } = stream;
  return (
    <Facts
      of={[
        ["Limits", limitsInWords(stream)],
        [
          "Sequences",
          <span key="sequences" className="numbers">
            {messages === 0 ? `next is ${count(last_sequence + 1)}` : `${count(first_sequence)} – ${count(last_sequence)}`}
          </span>,
        ],
        ["First", first_at === null ? undefined : <Ago at={first_at} />],
        ["Last", last_at === null ? undefined : <Ago at={last_at} />],
        ["Copies", replicas],
        ["Subjects", <span key="subjects" className="mono">{subjects.join(" ")}</span>],
      ]}
    />
  );
}

function limitsInWords({ limits }: StreamState): string {
  const said = [
    limits.bytes === null ? "" : bytes(limits.bytes),
    limits.messages === null ? "" : plural(limits.messages, "message"),
    limits.age_seconds === null ? "" : lasting(limits.age_seconds * 1000),
  ].filter(Boolean);
  if (said.length === 0) return "None: nothing is dropped.";
  const full = limits.fullness === null ? "" : ` ${Math.round(limits.fullness * 100)} % of that is used.`;
  return `At most ${said.join(", ")}.${full} ${limits.when_full === "new" ? "When full, new messages are refused." : "The oldest go first."}`;
}

function Consumers({ stream: { name, consumers } }: { stream: StreamState }) {
  return (
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
