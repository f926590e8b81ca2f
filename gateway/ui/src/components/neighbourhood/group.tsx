import { Button, Skeleton } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { kindInWords, type Entity } from "@/components/neighbourhood/entity";
import { NearLink } from "@/components/neighbourhood/near-link";
import type { Asked } from "@/components/neighbourhood/use-instant";
import { adviceOn } from "@/components/states";
import { count } from "@/lib/format";
import { useLater } from "@/lib/later";
import { PageLink, type Place } from "@/lib/place";

/** Shown at once; the rest on a click. */
const FEW = 6;
/** More than these nobody reads, and a panel of thousands is slow. */
const MOST = 100;

interface GroupProps<T> {
  title: string;
  asked: Asked<T>;
  /** What is shown for each of what was found. */
  items: (found: T) => readonly ReactNode[];
  /** There is nothing of it, in one line. */
  none: string;
  /** How many there are, where more are known of than were read. */
  total?: ((found: T) => number) | undefined;
  /** Where all of them are, or what limits what was read. */
  foot?: ((found: T) => ReactNode) | undefined;
}

/** Things of one kind next to what the panel stands around; each group is asked for, and fails, by itself. */
export function Group<T>({ title, asked: { data, error, refetch }, items, none, total, foot }: GroupProps<T>) {
  const found = data === undefined ? undefined : items(data);
  const all = data === undefined ? undefined : (total?.(data) ?? found?.length);
  return (
    <section className="near-group" aria-label={title}>
      <h3>
        {title} {all ? <span className="near-count numbers">{count(all)}</span> : null}
      </h3>
      {error !== null && data === undefined ? <NotAsked error={error} onRetry={refetch} /> : null}
      {found === undefined ? error === null ? <Waiting title={title} /> : null : found.length === 0 ? <p className="quiet">{none}</p> : <Bounded items={found} />}
      {data === undefined ? null : foot?.(data)}
    </section>
  );
}

function NotAsked({ error, onRetry }: { error: Error; onRetry: () => unknown }) {
  return (
    <p className="near-failed" role="status">
      Could not be asked: {error.message} {adviceOn(error)}{" "}
      <Button variant="link" isInline onClick={() => void onRetry()}>
        Try again
      </Button>
    </p>
  );
}

function Waiting({ title }: { title: string }) {
  const late = useLater(200);
  return (
    <div aria-busy="true" className="near-waiting">
      {late ? <Skeleton width="70%" screenreaderText={`Asking: ${title}`} /> : null}
    </div>
  );
}

function Bounded({ items }: { items: readonly ReactNode[] }) {
  const [all, setAll] = useState(false);
  // One more is no longer than the words that it is there.
  const shown = items.slice(0, all || items.length <= FEW + 1 ? MOST : FEW);
  return (
    <>
      <ul className="plain near-items">{shown}</ul>
      {all && shown.length < items.length ? (
        <p className="hint">
          The first {MOST} of {count(items.length)}.
        </p>
      ) : shown.length < items.length ? (
        <Button variant="link" isInline onClick={() => setAll(true)}>
          and {count(items.length - shown.length)} more
        </Button>
      ) : null}
    </>
  );
}

export interface Open extends Place {
  /** What opens: `Metrics`. */
  says: string;
}

interface ItemProps {
  /** Where one hops to; without it the name itself opens the page. */
  to?: Entity | undefined;
  open?: Open | undefined;
  name: string;
  /** Before the name, in quiet words: what kind of thing it is. */
  kind?: string | undefined;
  /** Before the name: how bad it is. */
  badge?: ReactNode;
  /** After the name, in quiet words. */
  note?: ReactNode;
}

/** One thing: its name is the hop to it, and there is a link to its own page. */
export function Item({ to, open, name, kind, badge, note }: ItemProps) {
  return (
    <li className="near-item">
      {badge}
      {kind === undefined ? null : <span className="near-kind hint">{kind}</span>}
      <span className="near-name">
        {to !== undefined ? (
          <NearLink to={to}>{name}</NearLink>
        ) : open === undefined ? (
          name
        ) : (
          <PageLink to={open.to} search={open.search ?? {}}>
            {name}
          </PageLink>
        )}
        {note === undefined ? null : <span className="near-note hint">{note}</span>}
      </span>
      {to === undefined || open === undefined ? null : (
        <span className="near-open">
          <PageLink to={open.to} search={open.search ?? {}} aria-label={`${open.says}: ${kindInWords(to)} ${name}`}>
            {open.says}
          </PageLink>
        </span>
      )}
    </li>
  );
}
