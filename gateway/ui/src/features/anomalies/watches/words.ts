/** Watches in words, and as they are written in a form. */

import type { Sensitivity, Watch } from "@/generated/api.schemas";
import { lasting } from "@/lib/time";

/** What looks at every value that comes; a language model does not. */
export const STREAMING = ["STATISTICAL", "ML_BASED"] as const;
export type Streaming = (typeof STREAMING)[number];

export interface Draft {
  id: string;
  title: string;
  query: string;
  clusters: string[];
  every: number;
  above: string;
  below: string;
  method: Streaming;
  sensitivity: Sensitivity;
}

export const EMPTY: Draft = {
  id: "",
  title: "",
  query: "",
  clusters: [],
  every: 60,
  above: "",
  below: "",
  method: "STATISTICAL",
  sensitivity: "MEDIUM",
};

const EVERY = [15, 30, 60, 120, 300, 900, 1_800, 3_600];

/** How often one may ask; also as often as it is asked already. */
export const rhythms = (now: number): number[] => [...new Set([...EVERY, now])].toSorted((a, b) => a - b);

export const everyInWords = (seconds: number): string => `every ${lasting(seconds * 1_000)}`;

export const draftOf = (watch: Watch): Draft => ({
  id: watch.id,
  title: watch.title,
  query: watch.query,
  clusters: watch.cluster_ids ?? [],
  every: watch.every_seconds ?? EMPTY.every,
  above: watch.above == null ? "" : String(watch.above),
  below: watch.below == null ? "" : String(watch.below),
  method: STREAMING.find((each) => each === watch.detection_type) ?? EMPTY.method,
  sensitivity: watch.sensitivity ?? EMPTY.sensitivity,
});

const ID = /^[a-z][a-z0-9-]{1,62}[a-z0-9]$/;

/** `CPU of the nodes` as `cpu-of-the-nodes`: what a watch is called that was not given a name. */
export function idFor(title: string): string {
  const said = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "");
  return said.slice(0, 64).replace(/-+$/, "");
}

/** No comma: `1,000` is a thousand to some, and one to others. */
const numberIn = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text.trim()));

/** What is wrong with it, as the hub would say, by its field. */
export function problemsOf({ id, title, query, above, below }: Draft): Partial<Record<keyof Draft, string>> {
  const [high, low] = [numberIn(above), numberIn(below)];
  const isWrong = (value: number | undefined) => value !== undefined && !Number.isFinite(value);
  return {
    ...(title.trim() === "" ? { title: "Say what it is about" } : {}),
    ...(ID.test(id) ? {} : { id: "3 to 64 lower-case letters, digits and hyphens; it begins with a letter" }),
    ...(query.trim() === "" ? { query: "Say what is asked" } : {}),
    ...(isWrong(high) ? { above: "A number, like 0.9" } : {}),
    ...(isWrong(low) ? { below: "A number, like 0.1" } : {}),
  };
}

export function watchOf({ id, title, query, clusters, every, above, below, method, sensitivity }: Draft): Watch {
  return {
    id,
    title: title.trim(),
    query: query.trim(),
    cluster_ids: clusters,
    every_seconds: every,
    detection_type: method,
    sensitivity,
    above: numberIn(above) ?? null,
    below: numberIn(below) ?? null,
  };
}

/** `over 0.9 or under 0.1`; undefined without bounds. */
export function boundsInWords({ above, below }: Pick<Watch, "above" | "below">): string | undefined {
  const parts = [above == null ? "" : `over ${above}`, below == null ? "" : `under ${below}`].filter(Boolean);
  return parts.length > 0 ? parts.join(" or ") : undefined;
}
