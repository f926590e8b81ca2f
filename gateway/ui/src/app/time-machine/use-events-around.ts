import { keepPreviousData } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { CHANGES } from "@/app/time-machine/changes";
import { densityOf, type Density } from "@/app/time-machine/density";
import { keptSpan, loggedAt, written, type Span } from "@/app/time-machine/instants";
import { useListEvents } from "@/generated/api";
import type { EventRecord } from "@/generated/api.schemas";
import { resolveRange, useRange, useWallClock } from "@/lib/moment";

/** So many are read for one stretch of time: they come with all that they say. */
const MOST = 500;

export interface Around {
  span: Span;
  density: Density;
  /** The newest one that had happened by then, if it lies in the span and was read. */
  latest: EventRecord | undefined;
  failed: boolean;
}

/** The stretch of time around an instant, as long as the range, and the events in it. */
export function useEventsAround(at: number): Around {
  const range = useRange();
  const now = useWallClock(60_000);
  const [before, setBefore] = useState<Span>();
  const span = keptSpan(before, at, resolveRange(range, now), now);
  if (before?.start !== span.start || before.end !== span.end) setBefore(span);
  const { data, isError } = useListEvents(
    { from: written(span.start), to: written(span.end), order: "desc", limit: MOST, event_type: CHANGES },
    { query: { staleTime: 60_000, placeholderData: keepPreviousData } },
  );
  const density = useMemo(
    () => densityOf(data?.items ?? [], data?.next_cursor != null, span),
    [data, span],
  );
  const latest = data?.items.find((event) => Date.parse(loggedAt(event)) <= at);
  return { span, density, latest, failed: isError };
}
