import { Progress } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationCircleIcon, HourglassHalfIcon, SyncAltIcon } from "@patternfly/react-icons";
import { Fragment } from "react";

import { Badge, type Tone } from "@/components/badges";
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
      <div className="ops-scroll panel" tabIndex={0} role="region" aria-label="Projections">
        <table className="ops-table is-list">
          <thead>
            <tr>
              <th scope="col">Projection</th>
              <th scope="col">State</th>
              <th scope="col" className="is-number">
                Behind
              </th>
              <th scope="col" className="is-number is-aside">
                Rate
              </th>
              <th scope="col" className="is-number is-aside">
                Position
              </th>
              <th scope="col" className="is-aside">
                Last change
              </th>
              <th scope="col" className="is-number is-aside">
                Version
              </th>
              <th scope="col" className="is-number is-aside">
                Skipped
              </th>
              <th scope="col">
                <span className="visually-hidden">Rebuild</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {[...byName].map(([name, builds]) => (
              <Projection key={name} name={name} builds={builds} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const FACTS = 8;

function Projection({ name, builds }: { name: string; builds: readonly ProjectionBuild[] }) {
  const live = builds.find(({ slot }) => slot === "live");
  const next = builds.find(({ slot }) => slot === "next");
  const error = live?.error ?? null;
  const partitions = live?.partitions ?? [];
  return (
    <Fragment>
      <tr className={error ? "is-unusual" : undefined}>
        <th scope="row">{name}</th>
        {live ? <Build build={live} /> : <td colSpan={FACTS - 1}>It is being built for the first time.</td>}
        <td className="is-action">
          <Rebuild name={name} isUnderWay={next !== undefined} />
        </td>
      </tr>
      {error || partitions.length > 0 || next ? (
        <tr className="is-more">
          <td colSpan={FACTS + 1}>
            {error ? <p className="ops-why">{error}</p> : null}
            {partitions.length > 0 ? <Partitions of={partitions} /> : null}
            {next ? <Next build={next} /> : null}
          </td>
        </tr>
      ) : null}
    </Fragment>
  );
}

const STATES: Readonly<Record<ProjectionBuild["state"], readonly [string, Tone, typeof CheckCircleIcon]>> = {
  live: ["Live", "success", CheckCircleIcon],
  rebuilding: ["Being built", "info", SyncAltIcon],
  stopped: ["Stopped", "danger", ExclamationCircleIcon],
};

function Build({ build }: { build: ProjectionBuild }) {
  const { state, lag, rate, sequence, log_sequence, poison_events, updated_at, version } = build;
  const [said, tone, icon] = lag !== null && lag > 0 && state === "live" ? CATCHING_UP : STATES[state];
  const isElsewhere = lag === 0 && log_sequence !== null && sequence < log_sequence;
  return (
    <>
      <td>
        <Badge tone={tone} icon={icon}>
          {said}
        </Badge>
      </td>
      <td className="is-number">
        {lag === null ? "–" : plural(lag, "event")}
        <span className="hint">{behindSeconds(build)}</span>
      </td>
      <td className="is-number is-aside">{rate === null ? "–" : `${count(rate)} events/s`}</td>
      <td className="is-number is-aside" title={isElsewhere ? "What followed in the log is not for it" : undefined}>
        {count(sequence)}
        {log_sequence === null ? null : <span className="hint"> of {count(log_sequence)}</span>}
      </td>
      <td className="is-aside">
        <Ago at={updated_at} />
      </td>
      <td className="is-number is-aside">{version}</td>
      <td className="is-number is-aside">{poison_events === 0 ? "none" : <strong>{plural(poison_events, "event")}</strong>}</td>
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
            <th scope="col" className="is-number">
              Behind
            </th>
            <th scope="col" className="is-number">
              Rate
            </th>
            <th scope="col" className="is-number">
              Position
            </th>
          </tr>
        </thead>
        <tbody>
          {of.map(({ partition, lag, rate, sequence, error }) => (
            <tr key={partition} className={error ? "is-unusual" : undefined}>
              <th scope="row">
                {partition}
                {error ? <div className="ops-why">{error}</div> : null}
              </th>
              <td className="is-number">{lag === null ? "–" : count(lag)}</td>
              <td className="is-number">{rate === null ? "–" : `${count(rate)}/s`}</td>
              <td className="is-number">{count(sequence)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
