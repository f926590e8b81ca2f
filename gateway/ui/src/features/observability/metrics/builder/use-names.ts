/** Metrics, labels and values of the chosen clusters, for the form to offer. */

import { useMemo } from "react";

import { useGetMetricMetadata, useListMetricLabels, useListMetricLabelValues } from "@/generated/api";
import type { Option } from "@/features/observability/metrics/builder/combo";

const FRESH = { query: { staleTime: 5 * 60_000 } };
const MOST = 10_000;
const NONE: readonly string[] = [];

export interface Names {
  options: readonly Option[];
  isReading: boolean;
}

const asked = (clusters: readonly string[], match?: string) => ({
  limit: MOST,
  ...(clusters.length > 0 ? { cluster_id: [...clusters] } : {}),
  ...(match ? { "match[]": [match] } : {}),
});

export function useMetricNames(clusters: readonly string[]): Names {
  const names = useListMetricLabelValues("__name__", asked(clusters), FRESH);
  const metadata = useGetMetricMetadata(asked(clusters), FRESH);
  const known = metadata.data?.data;
  const options = useMemo(
    () =>
      (names.data?.data ?? NONE).map((value) => {
        const [told] = known?.[value] ?? known?.[value.replace(/_(?:count|sum|bucket|total)$/, "")] ?? [];
        return { value, detail: told?.["type"], help: told?.["help"] };
      }),
    [names.data, known],
  );
  return { options, isReading: names.isPending };
}

const isInner = (label: string) => label === "__name__";

export function useLabels(clusters: readonly string[], metric: string): Names {
  const { data, isPending } = useListMetricLabels(asked(clusters, metric), FRESH);
  const options = useMemo(
    () => (data?.data ?? NONE).filter((label) => !isInner(label)).map((value) => ({ value })),
    [data],
  );
  return { options, isReading: isPending };
}

export function useLabelValues(clusters: readonly string[], label: string, match: string | undefined): Names {
  const { data, isPending } = useListMetricLabelValues(label, asked(clusters, match), {
    query: { ...FRESH.query, enabled: label !== "" },
  });
  const options = useMemo(() => (data?.data ?? NONE).map((value) => ({ value })), [data]);
  return { options, isReading: isPending && label !== "" };
}
