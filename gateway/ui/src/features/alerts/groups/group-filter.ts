/** What a group is called, and the filter that leaves its alerts only. */

import { NO_NAMESPACE, type AlertsSearch, type Filters } from "@/features/alerts/search";
import type { AlertGroup } from "@/generated/api.schemas";
import { title } from "@/lib/format";

const LABEL = "label:";

/** Undefined where no filter tells it: alerts that lack a label. */
export function filterOf(by: string, value: string, search: AlertsSearch): Filters | undefined {
  if (by.startsWith(LABEL)) {
    if (value === "") return undefined;
    const pair = `${by.slice(LABEL.length)}=${value}`;
    return { label: [...(search.label ?? []).filter((each) => each !== pair), pair] };
  }
  if (by === "namespace" && value === "") return { namespace: [NO_NAMESPACE] };
  return { [by]: [value] };
}

export function valueOf(by: string, { key, cluster_name }: AlertGroup): { words: string; none: boolean } {
  const value = key[by] ?? "";
  if (by === "cluster_id") return { words: cluster_name ?? value.slice(0, 8), none: false };
  if (by === "severity" || by === "state") return { words: title(value), none: false };
  if (value !== "") return { words: value, none: false };
  return { words: by === "namespace" ? "No namespace" : `Without ${by.replace(LABEL, "")}`, none: true };
}
