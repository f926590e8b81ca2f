import { useId, useMemo } from "react";

import { SourceMark } from "@/components/seen/seen-chip";
import { failureInWords, inTime, nameInWords, queryPlace, sourceOf, tracePlace, withinInWords } from "@/components/seen/words";
import type { NamedCluster, RcaLive, RcaSeen } from "@/generated/api.schemas";
import { placeInWords, plural } from "@/lib/format";
import { useClock } from "@/lib/moment";
import { PageLink, type Place } from "@/lib/place";

const MOST_ROWS = 6;

interface SeenLiveProps {
  /** Undefined: of an analysis from before anything was asked. */
  live: RcaLive | undefined;
  clusters: readonly NamedCluster[];
  /** Of the block, by what it stands below. */
  heading?: "h3" | "h4";
  /** Of what it is, where a page has several. */
  of?: string;
}

/** What metrics, logs and traces told while the cause was looked for; nothing where none was asked. */
export function SeenLive({ live: { seen = [], looks = [] } = {}, clusters, heading: Heading = "h3", of }: SeenLiveProps) {
  const id = useId();
  const rows = useMemo(() => inTime(seen), [seen]);
  if (looks.length === 0) return null;
  const several = new Set(looks.map(({ cluster_id }) => cluster_id)).size > 1;
  const nameOf = (id: string) => clusters.find((each) => each.id === id)?.name ?? id.slice(0, 8);
  const failed = [...new Set(looks.filter(({ failure }) => failure).map((look) => failureInWords(look, nameOf(look.cluster_id))))];
  const clusterOf = several ? nameOf : undefined;
  const left = rows.length - MOST_ROWS;
  return (
    <section className="seen" aria-labelledby={id}>
      <Heading id={id} className="seen-heading">
        Seen in metrics, logs and traces{" "}
        {of === undefined ? null : <span className="visually-hidden">of {of}</span>}
      </Heading>
      {rows.length > 0 ? (
        <Rows rows={rows.slice(0, MOST_ROWS)} clusterOf={clusterOf} label="Seen in metrics, logs and traces" />
      ) : failed.length < looks.length ? (
        <p className="hint">Nothing that stands out.</p>
      ) : null}
      {left > 0 ? (
        <details className="seen-more">
          <summary>and {plural(left, "other", "others")}</summary>
          <Rows rows={rows.slice(MOST_ROWS)} clusterOf={clusterOf} label="More of it" />
        </details>
      ) : null}
      {failed.map((said) => (
        <p key={said} className="hint">
          {said}
        </p>
      ))}
    </section>
  );
}

interface RowsProps {
  rows: readonly RcaSeen[];
  /** Where there are several. */
  clusterOf: ((id: string) => string) | undefined;
  label: string;
}

function Rows({ rows, clusterOf, label }: RowsProps) {
  return (
    <ol className="seen-rows" aria-label={label}>
      {rows.map((seen, at) => (
        // One query may have told several things: nothing but its place tells one from another.
        <li key={at}>
          <Row seen={seen} cluster={clusterOf?.(seen.cluster_id)} />
        </li>
      ))}
    </ol>
  );
}

function Row({ seen, cluster }: { seen: RcaSeen; cluster: string | undefined }) {
  const { backend, name, where, text, query } = seen;
  const { many } = sourceOf(backend);
  const trace = tracePlace(seen);
  const place = queryPlace(seen);
  return (
    <>
      <Began seen={seen} />
      <SourceMark backend={backend}>{many}</SourceMark>
      <div className="seen-what">
        <strong>{nameInWords(name)}</strong>{" "}
        <span className="quiet" title={where.map(placeInWords).join(", ")}>
          {[placeInWords(where[0] ?? ""), cluster ?? ""].filter(Boolean).join(", ")}
        </span>
        <span className="seen-text" title={query}>
          {text}
        </span>
      </div>
      <span className="seen-links">
        {place === undefined ? null : <Way {...place} says="Open" label={`Open in ${many}: ${text}`} />}
        {trace === undefined ? null : <Way {...trace} says="Trace" label={`Trace: ${text}`} />}
      </span>
    </>
  );
}

function Way({ to, search = {}, says, label }: Place & { says: string; label: string }) {
  return (
    <PageLink to={to} search={search} aria-label={label}>
      {says}
    </PageLink>
  );
}

/** When it began, on the day on which it was asked for; of what has no time, within which it did. */
function Began({ seen }: { seen: RcaSeen }) {
  const clock = useClock();
  const { began_at, start, end } = seen;
  if (!began_at) {
    return (
      <span className="quiet seen-time" title={`${clock(start)} – ${clock(end)}`}>
        {withinInWords(seen)}
      </span>
    );
  }
  const at = clock(began_at);
  return (
    <time dateTime={began_at} className="numbers quiet seen-time" title={at}>
      {at.slice(0, 10) === clock(end).slice(0, 10) ? at.slice(11, 19) : at.slice(0, 16)}
    </time>
  );
}
