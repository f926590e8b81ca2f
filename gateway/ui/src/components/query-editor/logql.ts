/** What LogQL is completed with: labels and values of the chosen clusters, functions and stages. */

import type { Completion, CompletionContext, CompletionSource } from "@codemirror/autocomplete";
import type { QueryClient } from "@tanstack/react-query";

import { getListLogLabelsQueryOptions, getListLogLabelValuesQueryOptions } from "@/generated/api";

const FRESH_MS = 5 * 60_000;

const options = (type: string, names: string): Completion[] => names.split(" ").map((label) => ({ label, type }));
const FUNCTIONS = options(
  "function",
  "count_over_time rate bytes_over_time bytes_rate sum_over_time avg_over_time min_over_time max_over_time " +
    "quantile_over_time first_over_time last_over_time absent_over_time sum avg min max count topk bottomk stddev",
);
const STAGES = options(
  "keyword",
  "json logfmt pattern regexp unpack unwrap line_format label_format decolorize drop keep",
);

/** What stands before the cursor says what may come. */
const VALUE = /[{,]\s*([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/;
const LABEL = /(?:\{|,|\b(?:by|without)\s*\()\s*(\w*)$/;
const STAGE = /\|\s*([a-z_]*)$/;
const WORD = /(?:^|[\s(])([a-z_]+)$/;

export function completeLogql(client: QueryClient, scope: () => readonly string[]): CompletionSource {
  const asked = () => {
    const clusters = scope();
    return clusters.length > 0 ? { cluster_id: [...clusters] } : {};
  };
  const labels = async () =>
    client
      .fetchQuery({ ...getListLogLabelsQueryOptions(asked()), staleTime: FRESH_MS })
      .then(({ data }) => data, none);
  const valuesOf = async (label: string) =>
    client
      .fetchQuery({ ...getListLogLabelValuesQueryOptions(label, asked()), staleTime: FRESH_MS })
      .then(({ data }) => data, none);

  return async (context: CompletionContext) => {
    const before = context.state.sliceDoc(0, context.pos);
    const value = VALUE.exec(before);
    if (value) {
      const found = await valuesOf(value[1]!);
      return { from: context.pos - value[2]!.length, options: found.map(asValue), validFor: /^[^"]*$/ };
    }
    if (insideString(before)) return null;
    const label = LABEL.exec(before);
    if (label && (insideSelector(before) || before.includes("by") || before.includes("without"))) {
      const found = await labels();
      return {
        from: context.pos - label[1]!.length,
        options: found.map((name) => ({ label: name, type: "property" })),
        validFor: /^\w*$/,
      };
    }
    const stage = STAGE.exec(before);
    if (stage) return { from: context.pos - stage[1]!.length, options: STAGES, validFor: /^[a-z_]*$/ };
    const word = WORD.exec(before);
    if (!word && !context.explicit) return null;
    return { from: context.pos - (word?.[1]?.length ?? 0), options: FUNCTIONS, validFor: /^[a-z_]*$/ };
  };
}

const none = (): string[] => [];

const asValue = (label: string): Completion => ({
  label,
  type: "text",
  apply: label.replaceAll("\\", "\\\\").replaceAll('"', '\\"'),
});

const insideSelector = (before: string) => before.lastIndexOf("{") > before.lastIndexOf("}");

function insideString(before: string): boolean {
  const quotes = before.replaceAll(/\\./g, "").match(/"/g)?.length ?? 0;
  return quotes % 2 === 1;
}
