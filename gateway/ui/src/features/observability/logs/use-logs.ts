/** Lines of the clusters, page by page: each next page ends where the last one began. */

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { justAfter, lineOf, type Line } from "@/features/observability/logs/line";
import { asksForLines } from "@/features/observability/logs/selector";
import { aligned, bucketsOf, countingQuery, stepFor, type Bucket } from "@/features/observability/logs/volume";
import { LIBRARIES } from "@/features/observability/library/store";
import { queryLogsRange } from "@/generated/api";
import type { ClusterMissing, Direction, LogsAnswer } from "@/generated/api.schemas";
import { useAsOf, useRange, resolveRange } from "@/lib/moment";
import { whilePutOff } from "@/lib/query";
import type { Range } from "@/lib/time";

/** Lines of one page. */
export const PAGE = 500;
/** What a page keeps at most: to see more, one has to ask for less. */
export const MOST = 10_000;

export interface Question {
  query: string;
  clusters: readonly string[];
  direction: Direction;
  /** Grows when the same is asked again. */
  round: number;
}

interface Window {
  start: string;
  end: string;
}
interface Page {
  window: Window;
  answer: LogsAnswer;
  /** Made once of the answer, as there may be many pages. */
  lines: readonly Line[];
}

export function useLogs(question: Question) {
  const asked = useAsked();
  const { query, clusters, direction, round } = question;
  const found = useInfiniteQuery({
    queryKey: ["/api/v1/logs/query_range", { query, clusters, direction, ...asked.key }, round],
    initialPageParam: undefined as Window | undefined,
    queryFn: async ({ pageParam, signal }): Promise<Page> => {
      const window = pageParam ?? asked.window();
      const answer = await queryLogsRange(
        {
          query,
          cluster_ids: [...clusters],
          direction,
          start_time: window.start,
          end_time: window.end,
          limit: PAGE,
          step: stepText(window),
        },
        { signal },
      );
      if (pageParam === undefined) LIBRARIES.logql.getState().remember(query);
      return { window, answer, lines: answer.entries.map(lineOf) };
    },
    getNextPageParam: (last, all) => (all.length * PAGE >= MOST ? undefined : nextWindow(last, direction)),
    enabled: query !== "",
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
  const pages = found.data?.pages;
  const lines = useMemo(() => linesOf(pages ?? []), [pages]);
  return { found, lines, first: pages?.[0], whole: useMemo(() => wholeOf(pages ?? []), [pages]) };
}

export interface Volume {
  buckets: readonly Bucket[];
  step: number;
  answer: LogsAnswer;
}

/** Lines over time, counted by the clusters' Lokis, all of them, not only those that are shown. */
export function useVolume({ query, clusters, round }: Question) {
  const asked = useAsked();
  return useQuery({
    queryKey: ["/api/v1/logs/query_range", { volume: query, clusters, ...asked.key }, round],
    queryFn: async ({ signal }): Promise<Volume> => {
      const { start, end } = asked.window();
      const [from, to] = [Date.parse(start), Date.parse(end)];
      const step = stepFor(from, to);
      const window = aligned(from, to, step);
      const answer = await queryLogsRange(
        {
          query: countingQuery(query, step),
          cluster_ids: [...clusters],
          // A value at a time counts the step before it.
          start_time: new Date(window.start + step).toISOString(),
          end_time: new Date(Math.max(window.end, window.start + step + 1)).toISOString(),
          step: `${step / 1000}s`,
        },
        { signal },
      );
      return { answer, step, buckets: bucketsOf(answer.results, window, step) };
    },
    enabled: asksForLines(query),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    retry: whilePutOff,
  });
}

/** The range that is asked for: `now` is when it is asked, or the instant of the time machine. */
function useAsked(): { key: Range & { as_of?: string }; window: () => Window } {
  const range = useRange();
  const { as_of } = useAsOf();
  return {
    key: as_of === undefined ? range : { ...range, as_of },
    window: () => {
      const { start, end } = resolveRange(range, as_of === undefined ? Date.now() : Date.parse(as_of));
      return { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
    },
  };
}

/** Steps for LogQL that makes numbers: at most some 300 of them. */
function stepText({ start, end }: Window): string {
  return `${stepFor(Date.parse(start), Date.parse(end), 300) / 1000}s`;
}

/** Where the page after this one is; undefined if there is none. */
export function nextWindow({ window, answer }: Pick<Page, "window" | "answer">, direction: Direction): Window | undefined {
  const last = answer.entries.at(-1);
  if (last === undefined || answer.entries.length < PAGE) return undefined;
  const next =
    direction === "BACKWARD"
      ? { start: window.start, end: justAfter(last.timestamp) }
      : { start: last.timestamp, end: window.end };
  return next.start === window.start && next.end === window.end ? undefined : next;
}

/** Windows touch in a microsecond, so that its lines may come twice. */
function linesOf(pages: readonly Page[]): Line[] {
  const known = new Map<string, Line>();
  for (const { lines } of pages) {
    for (const line of lines) if (!known.has(line.key)) known.set(line.key, line);
  }
  return [...known.values()];
}

/** Who was asked for all of it, and who has not answered for some of it. */
function wholeOf(pages: readonly Page[]) {
  const missing = new Map<string, ClusterMissing>();
  for (const { answer } of pages) for (const each of answer.missing) missing.set(each.cluster_id, each);
  const queried = pages[0]?.answer.clusters_queried ?? 0;
  const warnings = [...new Set(pages.flatMap(({ answer }) => answer.warnings))];
  return { queried, answered: queried - missing.size, missing: [...missing.values()], warnings };
}
