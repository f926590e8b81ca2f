import { list, text, type Raw } from "@/lib/search";

/** What all three pages share: the question, and the clusters that are asked (none: all). */
export interface AskedSearch {
  query?: string | undefined;
  clusters?: string[] | undefined;
}
export interface MetricsSearch extends AskedSearch {}
export interface LogsSearch extends AskedSearch {}
export interface TracesSearch extends AskedSearch {}

const asked = (raw: Raw): AskedSearch => ({
  query: text(raw["query"]),
  clusters: list(raw["clusters"]),
});

export const readMetricsSearch = (raw: Raw): MetricsSearch => asked(raw);
export const readLogsSearch = (raw: Raw): LogsSearch => asked(raw);
export const readTracesSearch = (raw: Raw): TracesSearch => asked(raw);
