/** Correlation rules in words, and as they are written in a form. */

import type { CorrelationRule, RuleEffect } from "@/generated/api.schemas";
import { parseDuration } from "@/lib/time";

export const EFFECTS: Readonly<Record<RuleEffect, readonly [title: string, does: string]>> = {
  TOGETHER: ["Together", "Signals that are equal in what is named, and begin near each other, are one incident"],
  APART: ["Apart", "Signals that differ in what is named are never one incident"],
  IGNORED: ["Ignored", "Signals open no incident, and belong to none"],
};

/** What signals may be compared by, as they are written most often. */
export const COMPARED = ["cluster", "name", "node", "namespace", "workload", "pod"] as const;

/** `KubePod*, Target*` as a list. */
export const listed = (text: string): string[] => [...new Set(text.split(/[,\n]/).map((each) => each.trim()).filter(Boolean))];

/** Which signals it is about: `KubePod* on namespace/shop`. */
export function aboutInWords({ names = [], where = [] }: CorrelationRule): string {
  const called = names.length > 0 ? names.join(", ") : "any signal";
  return where.length > 0 ? `${called} on ${where.join(", ")}` : called;
}

/** What it says of them. */
export function ruleInWords({ effect, equal = [], within_seconds: within = 600 }: CorrelationRule): string {
  const same = equal.join(", ");
  if (effect === "IGNORED") return "belong to no incident";
  if (effect === "APART") return `are apart where they differ in ${same}`;
  return `are one incident where they have the same ${same}, and begin within ${within % 60 === 0 ? `${within / 60} min` : `${within} s`}`;
}

export interface Draft {
  id: string;
  effect: RuleEffect;
  names: string;
  where: string;
  clusters: string[];
  equal: string;
  within: string;
  comment: string;
}

export const EMPTY: Draft = { id: "", effect: "TOGETHER", names: "", where: "", clusters: [], equal: "", within: "10m", comment: "" };

export const draftOf = (rule: CorrelationRule): Draft => ({
  id: rule.id,
  effect: rule.effect,
  names: (rule.names ?? []).join(", "),
  where: (rule.where ?? []).join(", "),
  clusters: rule.cluster_ids ?? [],
  equal: (rule.equal ?? []).join(", "),
  within: `${rule.within_seconds ?? 600}s`,
  comment: rule.comment ?? "",
});

/** What a rule is called that is tried before it has a name. */
export const UNNAMED = "not-named-yet";

const ID = /^[a-z][a-z0-9-]{1,62}[a-z0-9]$/;
const LONGEST_S = 86_400;

/** What is wrong with it, as the hub would say, by its field. */
export function problemsOf({ id, effect, equal, within }: Draft): Partial<Record<keyof Draft, string>> {
  const seconds = (parseDuration(within) ?? Number.NaN) / 1_000;
  return {
    ...(ID.test(id) ? {} : { id: "3 to 64 lower-case letters, digits and hyphens; it begins with a letter" }),
    ...(effect === "IGNORED" || listed(equal).length > 0 ? {} : { equal: "Say what has to be the same" }),
    ...(effect !== "TOGETHER" || (seconds >= 1 && seconds <= LONGEST_S) ? {} : { within: "Like 5m or 1h; a day at most" }),
  };
}

export function ruleOf({ id, effect, names, where, clusters, equal, within, comment }: Draft): CorrelationRule {
  return {
    id,
    effect,
    names: listed(names),
    where: listed(where),
    cluster_ids: clusters,
    equal: effect === "IGNORED" ? [] : listed(equal),
    ...(effect === "TOGETHER" ? { within_seconds: Math.round(parseDuration(within)! / 1_000) } : {}),
    comment: comment.trim(),
  };
}
