/** Audited types as they are chosen, who comes and goes first. */

import { AUDITED } from "@/features/events/audit/types";
import { GROUPS } from "@/features/events/names";

export const AUDITED_GROUPS: typeof GROUPS = GROUPS.map(
  ([title, names]) => [title, names.filter((name) => AUDITED.includes(name))] as const,
)
  .filter(([, names]) => names.length > 0)
  .toSorted(([a], [b]) => Number(b === "Access") - Number(a === "Access"));
