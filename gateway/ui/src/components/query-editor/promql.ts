/** What PromQL is completed with: metrics, labels and values of the chosen clusters, read once in a while. */

import type { CompletionContext } from "@codemirror/autocomplete";
import { newCompleteStrategy, type CompleteStrategy, type PrometheusClient } from "@prometheus-io/codemirror-promql/dist/esm";
import { labelMatchersToString } from "@prometheus-io/codemirror-promql/dist/esm/parser";
import type { Matcher } from "@prometheus-io/codemirror-promql/dist/esm/types";
import type { QueryClient } from "@tanstack/react-query";

import {
  getGetMetricMetadataQueryOptions,
  getListMetricLabelsQueryOptions,
  getListMetricLabelValuesQueryOptions,
  getListMetricSeriesQueryOptions,
} from "@/generated/api";

const FRESH_MS = 5 * 60_000;
/** Names and values at most: a list that is longer helps nobody. */
const MOST = 10_000;
/** Seconds. Who types does not wait for the slowest cluster. */
const PATIENCE = 5;

/** A word has begun, or what opens a place for one stands there. */
const BEGUN = /[\w:]$|[{([,"']\s*$/;

/** By itself nothing is offered behind what is whole: Enter would take an operator there instead of asking. */
export function completePromql(client: QueryClient, scope: () => readonly string[]): CompleteStrategy {
  const all = newCompleteStrategy({ remote: new FleetPrometheus(client, scope) });
  return {
    promQL: (context: CompletionContext) =>
      context.explicit || BEGUN.test(context.state.sliceDoc(0, context.pos)) ? all.promQL(context) : null,
  };
}

type Metadata = Awaited<ReturnType<PrometheusClient["metricMetadata"]>>;

class FleetPrometheus implements PrometheusClient {
  readonly #client: QueryClient;
  readonly #scope: () => readonly string[];

  constructor(client: QueryClient, scope: () => readonly string[]) {
    this.#client = client;
    this.#scope = scope;
  }

  #asked(match?: string) {
    const clusters = this.#scope();
    return {
      limit: MOST,
      timeout: PATIENCE,
      ...(clusters.length > 0 ? { cluster_id: [...clusters] } : {}),
      ...(match ? { "match[]": [match] } : {}),
    };
  }

  async labelNames(metricName?: string): Promise<string[]> {
    const options = getListMetricLabelsQueryOptions(this.#asked(metricName));
    return this.#client.fetchQuery({ ...options, staleTime: FRESH_MS }).then(({ data }) => data, none);
  }

  async labelValues(labelName: string, metricName?: string, matchers?: Matcher[]): Promise<string[]> {
    const match = metricName ? labelMatchersToString(metricName, matchers, labelName) : undefined;
    const options = getListMetricLabelValuesQueryOptions(labelName, this.#asked(match));
    return this.#client.fetchQuery({ ...options, staleTime: FRESH_MS }).then(({ data }) => data, none);
  }

  async metricNames(): Promise<string[]> {
    return this.labelValues("__name__");
  }

  async metricMetadata(): Promise<Metadata> {
    const options = getGetMetricMetadataQueryOptions(this.#asked());
    const read = this.#client.fetchQuery({ ...options, staleTime: FRESH_MS });
    return read.then(({ data }) => data as unknown as Metadata).catch(() => ({}));
  }

  async series(metricName: string, matchers?: Matcher[], labelName?: string): Promise<Map<string, string>[]> {
    const match = labelMatchersToString(metricName, matchers, labelName);
    const options = getListMetricSeriesQueryOptions({ ...this.#asked(match), limit: 1_000 });
    const read = this.#client.fetchQuery({ ...options, staleTime: FRESH_MS });
    return read.then(({ data }) => data.map((labels) => new Map(Object.entries(labels)))).catch(() => []);
  }

  async flags(): Promise<Record<string, string>> {
    return {};
  }
}

/** Completion is help, not an answer: where it cannot be had, there is none. */
const none = (): string[] => [];
