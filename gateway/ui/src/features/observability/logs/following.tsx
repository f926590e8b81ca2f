/** Lines as they come, newest at the end; they stand still while somebody reads. */

import { Alert, Button, Popover } from "@patternfly/react-core";
import { ArrowDownIcon } from "@patternfly/react-icons";
import { useDeferredValue, useMemo, useState } from "react";

import { LiveToggle } from "@/components/live-toggle";
import { Nothing } from "@/components/states";
import { LineDetail } from "@/features/observability/logs/line-detail";
import { LinesBar } from "@/features/observability/logs/lines-bar";
import { LogList } from "@/features/observability/logs/log-list";
import { linesWith } from "@/features/observability/logs/results";
import type { Matcher } from "@/features/observability/logs/selector";
import type { Followed, TailState } from "@/features/observability/logs/tail";
import { useLogTail } from "@/features/observability/logs/use-log-tail";
import type { LogsSearch } from "@/features/observability/search";
import { count, plural } from "@/lib/format";
import { useNow } from "@/lib/moment";
import { useSearch } from "@/lib/place";

interface FollowingProps {
  query: string;
  clusters: readonly string[];
  onNarrow: (matcher: Matcher) => void;
  onWords: (words: string) => void;
}

export function Following({ query, clusters, onNarrow, onWords }: FollowingProps) {
  const { wrap = false, find = "" } = useSearch<LogsSearch>();
  const words = useDeferredValue(find);
  const { state, tail } = useLogTail(query, clusters);
  const [paused, setPaused] = useState(false);
  const [reading, setReading] = useState(false);
  const [jumps, setJumps] = useState(0);
  const { lines, waiting } = useStill(state, paused || reading);
  const shown = useMemo(() => linesWith(lines, words), [lines, words]);
  return (
    <>
      <Connection state={state} />
      <LinesBar shown={shown.length} of={lines.length} more={false} filtered={words !== ""} onWords={onWords}>
        <Standing state={state} />
        <Button variant="link" isInline onClick={() => tail.clear()}>
          Clear
        </Button>
        <LiveToggle live="Following" paused={paused} waiting={waiting} onChange={setPaused} />
      </LinesBar>
      {lines.length === 0 && state.connection !== "ended" ? (
        <Nothing title="Waiting for the first line">
          {state.connection === "following"
            ? `${plural(state.clusters.length, "cluster")} followed; lines are shown as they come, those of the last minute first.`
            : "The clusters are being asked."}
        </Nothing>
      ) : (
        <div className="logs-following">
          {/* Made anew by a jump: nothing is open then, and the end is in view. */}
          <LogList
            key={jumps}
            label="Log lines as they come"
            lines={shown}
            wrap={wrap}
            find={words}
            follow
            onHeld={setReading}
            detail={(line) => <LineDetail line={line} onNarrow={onNarrow} />}
          />
          {waiting > 0 && !paused ? (
            <Button
              className="logs-jump numbers"
              icon={<ArrowDownIcon />}
              onClick={() => {
                setReading(false);
                setJumps(jumps + 1);
              }}
            >
              {count(waiting)} new
            </Button>
          ) : null}
        </div>
      )}
    </>
  );
}

/** The lines, or while they are held those that there were when that began; `waiting`: what came since. */
function useStill({ lines, came }: TailState, held: boolean) {
  const [before, setBefore] = useState<{ lines: TailState["lines"]; came: number }>();
  if (held && before === undefined && lines.length > 0) setBefore({ lines, came });
  if (!held && before !== undefined) setBefore(undefined);
  // A new tail has begun, or the lines were cleared.
  if (before !== undefined && (came < before.came || lines.length === 0)) setBefore(undefined);
  return before === undefined ? { lines, waiting: 0 } : { lines: before.lines, waiting: Math.max(0, came - before.came) };
}

/** What is wrong with the connection; nothing while all is well. */
function Connection({ state }: { state: TailState }) {
  const now = useNow(1_000);
  if (state.connection === "ended") {
    return (
      <Alert isInline variant="danger" title="Lines are not followed">
        {state.reason} Change the query or the clusters, or run the query once.
      </Alert>
    );
  }
  if (state.connection !== "reconnecting") return null;
  const left = Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1_000));
  return (
    <Alert isInline variant="warning" title="The connection is lost">
      {state.reason} {left > 0 ? `Trying again in ${left} s.` : "Trying again."} Lines that come meanwhile are shown then.
    </Alert>
  );
}

/** How it stands with each cluster. */
function Standing({ state }: { state: TailState }) {
  const { clusters, dropped } = state;
  const lost = clusters.filter((each) => each.state === "LOST");
  const noted = clusters.filter((each) => each.state === "FOLLOWING" && each.reason !== null);
  const words =
    clusters.length === 0
      ? "Connecting"
      : lost.length > 0
        ? `${clusters.length - lost.length} of ${plural(clusters.length, "cluster")} followed`
        : `${plural(clusters.length, "cluster")} followed`;
  return (
    <span role="status" className="logs-standing">
      <Popover
        headerContent="Clusters that are followed"
        bodyContent={
          <ul className="plain logs-followed">
            {[...lost, ...noted, ...clusters.filter((each) => !lost.includes(each) && !noted.includes(each))].map((each) => (
              <Standpoint key={each.cluster_id} of={each} />
            ))}
          </ul>
        }
      >
        <Button variant="link" isInline className={lost.length > 0 ? "logs-lost" : undefined}>
          {words}
        </Button>
      </Popover>
      {dropped > 0 ? (
        <span className="logs-lost" title="They came faster than they could be sent, or a Loki left them out">
          {" "}
          · {count(dropped)} lines left out
        </span>
      ) : null}
    </span>
  );
}

const WORDS = { WAITING: "is being asked", FOLLOWING: "followed", LOST: "lost, tried again by itself" } as const;

function Standpoint({ of }: { of: Followed }) {
  return (
    <li>
      <strong>{of.cluster_name}</strong>: <span className={of.state === "LOST" ? "logs-lost" : "quiet"}>{WORDS[of.state]}</span>
      {of.reason === null ? null : `: ${of.reason}`}
    </li>
  );
}
