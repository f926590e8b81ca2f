/** The incident in all its time, whatever instant is shown, and the way to another instant. */

import { useEffect, useRef, useState } from "react";

import { scaleOf, type Scale } from "@/features/incidents/detail/replay/moments";
import { useTimeline } from "@/features/incidents/detail/use-incident";
import { useGetIncident, useListRootCauses } from "@/generated/api";
import type { TimelineEntry } from "@/generated/api.schemas";
import { useAsOf, useWallClock } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import { usePlayback } from "@/lib/playback";

const NOW = {} as const;
/** What is known now changes little while the past is looked at. */
const FRESH_MS = 10_000;
/** The page follows the hand when it rests this long. */
const RESTS_MS = 150;

interface Whole {
  scale: Scale;
  entries: readonly TimelineEntry[];
  /** Older entries were not read. */
  isCut: boolean;
  /** When a cause was looked for. */
  analyses: readonly string[];
}

/** Undefined until it is read, or where there is no such incident. */
export function useWhole(id: string): Whole | undefined {
  const now = useWallClock(10_000);
  const incident = useGetIncident(id, NOW, { query: { staleTime: FRESH_MS } }).data;
  const { entries, hasNextPage } = useTimeline(id, NOW);
  const analyses = useListRootCauses({ incident_id: [id], page_size: 100 }, { query: { staleTime: FRESH_MS } }).data;
  if (incident === undefined || entries === undefined || entries.length === 0) return undefined;
  return {
    scale: scaleOf(incident, entries, now, hasNextPage),
    entries,
    isCut: hasNextPage,
    analyses: analyses?.items.map(({ analysed_at }) => analysed_at) ?? [],
  };
}

interface Replay {
  /** The instant that is shown, or to which the hand has moved and the page will follow. */
  at: number;
  isPast: boolean;
  move: (to: number) => void;
  playing: boolean;
  toggle: () => void;
}

/** Moves the time machine within the incident's time. */
export function useReplay({ start, end, isOpen }: Scale): Replay {
  const { as_of } = useAsOf();
  const setSearch = useSetSearch();
  const playing = usePlayback((state) => state.playing) && as_of !== undefined;
  const [hand, setHand] = useState<{ at: number; since: string | undefined }>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = as_of === undefined ? end : Date.parse(as_of);
  const at = hand !== undefined && hand.since === as_of ? hand.at : shown;
  const go = (to: number) => {
    // At the end of one that is not over one is back in the present.
    const next = isOpen && to >= end ? undefined : new Date(Math.min(to, Date.now())).toISOString();
    setSearch({ as_of: next }, { replace: as_of !== undefined });
    // Where one is already there the address does not change, and the hand has nothing to wait for.
    if (next === as_of) setHand(undefined);
  };
  const isOver = !isOpen && as_of !== undefined && shown >= end;
  useEffect(() => {
    if (playing && isOver) usePlayback.setState({ playing: false });
  }, [playing, isOver]);
  return {
    at,
    isPast: as_of !== undefined,
    move: (to) => {
      const within = Math.max(start, Math.min(end, to));
      setHand({ at: within, since: as_of });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => go(within), RESTS_MS);
    },
    playing,
    toggle: () => {
      if (playing) return usePlayback.setState({ playing: false });
      if (as_of === undefined || isOver) go(start);
      usePlayback.setState({ playing: true, played: [] });
    },
  };
}
