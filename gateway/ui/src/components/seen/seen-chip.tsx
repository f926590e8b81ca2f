import "@/components/seen/seen.css";

import { ChartLineIcon, ConnectedIcon, ListIcon, OutlinedEyeIcon, RouteIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import { bestPlace, sourceOf } from "@/components/seen/words";
import type { RcaSeen } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

const MOST_CHIPS = 6;

const ICONS: Readonly<Record<string, ComponentType>> = {
  PROMETHEUS: ChartLineIcon,
  LOKI: ListIcon,
  TEMPO: RouteIcon,
  KORREL8R: ConnectedIcon,
};

/** The mark of a backend, with its word. */
export function SourceMark({ backend, children }: { backend: string; children: string }) {
  const Icon = ICONS[backend] ?? OutlinedEyeIcon;
  return (
    <span className="seen-source">
      <Icon />
      <span>{children}</span>
    </span>
  );
}

/** Something that was seen live, in a word that leads to where it can be seen again. */
export function SeenChip({ seen }: { seen: RcaSeen }) {
  const { backend, text, query } = seen;
  const { one } = sourceOf(backend);
  const place = bestPlace(seen);
  const mark = <SourceMark backend={backend}>{one}</SourceMark>;
  return (
    <span title={`${text}\n${query}`}>
      {place === undefined ? (
        <>
          {mark}
          <span className="visually-hidden">: {text}</span>
        </>
      ) : (
        <PageLink to={place.to} search={place.search ?? {}} aria-label={`${one}: ${text}`}>
          {mark}
        </PageLink>
      )}
    </span>
  );
}

/** Those of what was seen live that a claim names by their numbers. */
export function SeenChips({ numbers, all }: { numbers: readonly number[]; all: readonly RcaSeen[] }) {
  const named = [...new Set(numbers)].flatMap((number) => {
    const seen = all[number];
    return seen === undefined ? [] : [{ number, seen }];
  });
  const shown = named.slice(0, MOST_CHIPS);
  return (
    <>
      {shown.map(({ number, seen }) => (
        <SeenChip key={number} seen={seen} />
      ))}
      {named.length > shown.length ? <span className="quiet">and {named.length - shown.length} more seen live</span> : null}
    </>
  );
}
