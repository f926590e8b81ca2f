/** One replay: what was asked, what was, what would have been. */

import { Button } from "@patternfly/react-core";

import { useClusterNaming } from "@/components/cluster-names";
import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { Outcome } from "@/features/replays/columns";
import { useReadReplays } from "@/features/replays/use-replays";
import { changesInWords, DIFFERENCES, KINDS, movesOf, numbersOf } from "@/features/replays/words";
import { useCancelReplay, useGetReplay } from "@/generated/api";
import type { ReplayDifference, ReplayKind, ReplayResult, ReplayView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, type Path } from "@/lib/place";
import { useRights } from "@/lib/rights";

interface ReplayDrawerProps {
  id: string;
  onClose: () => void;
}

export function ReplayDrawer({ id, onClose }: ReplayDrawerProps) {
  const { data, error, refetch } = useGetReplay(id, useAsOf());
  return (
    <Drawer title={data ? `${KINDS[data.asked.kind][0]} run again` : "Replay"} label="Replay" onClose={onClose}>
      {data ? (
        <Shown replay={data} />
      ) : error ? (
        <Failure error={error} what="The replay" onRetry={() => void refetch()} />
      ) : (
        <Loading lines={6} label="Loading the replay" />
      )}
    </Drawer>
  );
}

function Shown({ replay }: { replay: ReplayView }) {
  const names = useClusterNaming();
  const { asked, result } = replay;
  const { cluster_ids = [] } = asked;
  return (
    <div className="replays-drawer">
      <Facts
        of={[
          ["Comes to", <Outcome key="outcome" replay={replay} />],
          ["With", changesInWords(asked)],
          ["Time", <span key="time"><At at={asked.start} /> – <At at={asked.end} /></span>],
          ["Clusters", cluster_ids.length > 0 ? names(cluster_ids) : "all"],
          ["Started", <span key="started">by {replay.started_by}, <Ago at={replay.started_at} /></span>],
        ]}
      />
      {replay.state === "RUNNING" ? <Running id={replay.id} /> : null}
      {replay.state === "FAILED" ? <p role="status">It was not run to the end: {replay.reason}.</p> : null}
      {result ? <Result kind={asked.kind} result={result} /> : null}
    </div>
  );
}

function Running({ id }: { id: string }) {
  const read = useReadReplays();
  const { operates } = useRights();
  const { as_of } = useAsOf();
  const cancel = useCancelReplay({ mutation: { onSuccess: read } });
  return (
    <>
      <p role="status">It runs; what comes of it is shown here.</p>
      {operates() && as_of === undefined ? (
        <div className="toolbar">
          <Button variant="secondary" isLoading={cancel.isPending} isDisabled={cancel.isPending} onClick={() => cancel.mutate({ replayId: id })}>
            Cancel it
          </Button>
        </div>
      ) : null}
      {cancel.error ? <InlineFailure error={cancel.error} what="Not cancelled" /> : null}
    </>
  );
}

function Result({ kind, result }: { kind: ReplayKind; result: ReplayResult }) {
  const { differences = [], left_out = 0 } = result;
  const moves = movesOf(result);
  return (
    <>
      <table className="replays-numbers numbers">
        <thead>
          <tr>
            <th scope="col"><span className="visually-hidden">Number</span></th>
            <th scope="col">Was</th>
            <th scope="col">Would be</th>
          </tr>
        </thead>
        <tbody>
          {numbersOf(kind, result).map(([said, was, would]) => (
            <tr key={said}>
              <th scope="row">{said}</th>
              <td>{was}</td>
              <td className={was === would ? "" : "replays-changed"}>{would}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {moves ? <p>{moves}.</p> : null}
      {result.whole_from ? (
        <p className="hint">
          What came before <At at={result.whole_from} /> has aged out in part: what was learnt of it is not known any more.
        </p>
      ) : null}
      {result.is_equal ? <p role="status">All of it would have been just so.</p> : null}
      {differences.length > 0 ? (
        <section aria-label="Differences">
          <h3 className="replays-otherwise">What would have been otherwise</h3>
          <ul className="replays-differences">
            {differences.map((each) => (
              <Difference key={each.id} kind={kind} difference={each} />
            ))}
          </ul>
        </section>
      ) : null}
      {left_out > 0 ? <p className="quiet">and {plural(left_out, "more difference")}.</p> : null}
    </>
  );
}

function Difference({ kind, difference }: { kind: ReplayKind; difference: ReplayDifference }) {
  const [said, tone] = DIFFERENCES[difference.kind];
  const to = placeOf(kind, difference);
  return (
    <li>
      <span className={`replays-mark tone-${tone}`}>{said}</span>
      <span className="replays-title">{to ? <PageLink to={to}>{difference.title}</PageLink> : difference.title}</span>
      <span className="quiet replays-at">
        <At at={difference.at} />
      </span>
      <span className="replays-text">{difference.text}</span>
    </li>
  );
}

/** Where what happened is shown; nowhere, what did not. */
function placeOf(kind: ReplayKind, { kind: how, id }: ReplayDifference): Path | undefined {
  if (how === "ADDED") return undefined;
  return kind === "CORRELATION" ? `/incidents/${id}` : kind === "DETECTION" ? `/anomalies/${id}` : undefined;
}
