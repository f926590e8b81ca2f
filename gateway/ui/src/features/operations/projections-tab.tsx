import { Progress } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationCircleIcon, HourglassHalfIcon, SyncAltIcon } from "@patternfly/react-icons";

import { Badge, type Tone } from "@/components/badges";
import { Facts } from "@/components/facts";
import { Failure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useListProjections } from "@/generated/api";
import type { PartitionState, ProjectionBuild } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { lasting } from "@/lib/time";

import { Rebuild } from "@/features/operations/rebuild";
import { OFTEN } from "@/features/operations/use-operations";
import { secondsBehind } from "@/features/operations/verdict";

/** Every projection: how far it is, and the build that is to follow it. */
export function ProjectionsTab() {
  const { data, error, refetch } = useListProjections({ query: { refetchInterval: OFTEN } });
  if (!data) return error ? <Failure error={error} what="The projections" onRetry={() => void refetch()} /> : <Loading />;
  if (data.items.length === 0) {
    return <Nothing title="No projection yet">The projector makes them when it first runs: see Health.</Nothing>;
  }
  const byName = Map.groupBy(data.items, ({ name }) => name);
  return (
    <>
      <p className="hint">
        Projections are the tables that pages read, folded from the log of events. Behind means: pages show what was,
        by that much.
      </p>
      <div className="ops-cards is-wide">
        {[...byName].map(([name, builds]) => (
          <Projection key={name} name={name} builds={builds} />
        ))}
      </div>
    </>
  );
}

function Projection({ name, builds }: { name: string; builds: readonly ProjectionBuild[] }) {
  const live = builds.find(({ slot }) => slot === "live");
  const next = builds.find(({ slot }) => slot === "next");
  return (
    <section className="panel ops-card" aria-labelledby={`ops-projection-${name}`}>
      <header className="ops-card-head">
        <h2 id={`ops-projection-${name}`}>{name}</h2>
        <Rebuild name={name} isUnderWay={next !== undefined} />
      </header>
      {live ? <Build build={live} /> : <p>It is being built for the first time.</p>}
      {next ? <Next build={next} /> : null}
    </section>
  );
}

const STATES: Readonly<Record<ProjectionBuild["state"], readonly [string, Tone, typeof CheckCircleIcon]>> = {
  live: ["Live", "success", CheckCircleIcon],
  rebuilding: ["Being built", "info", SyncAltIcon],
  stopped: ["Stopped", "danger", ExclamationCircleIcon],
};

function Build({ build }: { build: ProjectionBuild }) {
  const { state, error, lag, rate, sequence, log_sequence, poison_events, updated_at, version, partitions } = build;
  const [said, tone, icon] = lag !== null && lag > 0 && state === "live" ? CATCHING_UP : STATES[state];
  return (
    <>
      <div className="ops-figure">
        <strong className="numbers">{lag === null ? "–" : count(lag)}</strong>
        <span>{lag === 1 ? "event" : "events"} behind{behindSeconds(build)}</span>
        <Badge tone={tone} icon={icon}>
          {said}
        </Badge>
      </div>
      {error ? <p className="ops-why">{error}</p> : null}
      <Facts
        of={[
          ["Rate", rate === null ? "not known" : `${count(rate)} events/s`],
          [
            "Position",
            <span key="position" className="numbers">
              {count(sequence)}
              {log_sequence === null ? "" : ` of ${count(log_sequence)} in the log`}
              {lag === 0 && log_sequence !== null && sequence < log_sequence ? (
                <span className="hint"> (what followed is not for it)</span>
              ) : null}
            </span>,
          ],
          ["Last change", <Ago key="ago" at={updated_at} />],
          ["Version", version],
          [
            "Not folded",
            poison_events === 0 ? "none" : <strong key="poison">{plural(poison_events, "event")} skipped</strong>,
          ],
        ]}
      />
      {partitions.length > 0 ? <Partitions of={partitions} /> : null}
    </>
  );
}

const CATCHING_UP = ["Catching up", "info", HourglassHalfIcon] as const;

function behindSeconds(build: ProjectionBuild): string {
  const seconds = secondsBehind(build);
  if (seconds === undefined || seconds === 0) return "";
  return `, about ${seconds < 1 ? "less than 1 s" : lasting(seconds * 1000)}`;
}

function Next({ build }: { build: ProjectionBuild }) {
  const { sequence, log_sequence, lag, rate, error } = build;
  const done = log_sequence ? Math.min(100, Math.floor((sequence / log_sequence) * 100)) : 0;
  const seconds = secondsBehind(build);
  const left = seconds === undefined ? "" : `, about ${lasting(seconds * 1000)} left`;
  return (
    <div className="ops-next">
      <Progress
        title="Its next build"
        value={lag === 0 ? 100 : done}
        size="sm"
        {...(error ? { variant: "danger" as const } : {})}
      />
      <p className="hint numbers">
        {count(sequence)} of {log_sequence === null ? "?" : count(log_sequence)}
        {rate === null ? "" : `, ${count(rate)} events/s`}
        {left}. It takes over by itself when it has caught up.
      </p>
      {error ? <p className="ops-why">{error}</p> : null}
    </div>
  );
}

function Partitions({ of }: { of: readonly PartitionState[] }) {
  const failed = of.filter(({ error }) => error !== null);
  return (
    <details open={failed.length > 0}>
      <summary>
        {plural(of.length, "partition")}
        {failed.length > 0 ? `, ${failed.length} stopped` : ""}
      </summary>
      <table className="ops-table">
        <thead>
          <tr>
            <th scope="col">Partition</th>
            <th scope="col">Behind</th>
            <th scope="col">Rate</th>
            <th scope="col">Position</th>
          </tr>
        </thead>
        <tbody>
          {of.map(({ partition, lag, rate, sequence, error }) => (
            <tr key={partition} className={error ? "is-unusual" : undefined}>
              <th scope="row">
                {partition}
                {error ? <div className="ops-why">{error}</div> : null}
              </th>
              <td>{lag === null ? "–" : count(lag)}</td>
              <td>{rate === null ? "–" : `${count(rate)}/s`}</td>
              <td>{count(sequence)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
