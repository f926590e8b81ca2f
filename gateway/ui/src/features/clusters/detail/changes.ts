/** How two drafts of a registration differ, for people and for the hub. */

import {
  BACKEND_NAMES,
  BACKENDS,
  registrationOf,
  type Draft,
} from "@/features/clusters/shared/draft";

export interface Change {
  key: keyof Draft;
  /** As people call it. */
  field: string;
  before: string;
  after: string;
}

const FIELDS: Readonly<Record<Exclude<keyof Draft, "endpoints">, string>> = {
  name: "Name",
  display_name: "Display name",
  api_server_url: "API server URL",
  cluster_type: "Type",
  platform: "Platform",
  environment: "Environment",
  region: "Region",
  site: "Site",
  labels: "Labels",
};

export function changesOf(before: Draft, after: Draft): Change[] {
  const plain = (Object.keys(FIELDS) as (keyof typeof FIELDS)[]).map((key) => ({
    key,
    field: FIELDS[key],
    before: before[key].trim(),
    after: after[key].trim(),
  }));
  const endpoints = BACKENDS.map((each) => ({
    key: "endpoints" as const,
    field: `${BACKEND_NAMES[each]} URL`,
    before: before.endpoints[each].trim(),
    after: after.endpoints[each].trim(),
  }));
  return [...plain, ...endpoints].filter((each) => each.before !== each.after);
}

/** A JSON merge patch with what differs; null takes a label or a value away. */
export function patchOf(before: Draft, after: Draft): Record<string, unknown> {
  const old: Readonly<Record<string, unknown>> = { ...registrationOf(before) };
  return merged(old, { ...registrationOf(after) });
}

function merged(old: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const [before, after] = [old[key], now[key]];
    if (isObject(before) && isObject(after)) {
      const inner = merged(before, after);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (before !== after) {
      patch[key] = after ?? null;
    }
  }
  return patch;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
