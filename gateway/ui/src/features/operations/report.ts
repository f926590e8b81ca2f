/** The hub's own report of its health, which its API document leaves open. */

import type { HealthDetailed200, ProjectionBuild } from "@/generated/api.schemas";

export interface Check {
  ready: boolean;
  /** Why not. */
  detail?: string;
}

/** One process, as it tells of itself. */
export interface Part {
  part: string;
  /** Its machine, and a name that no other process has. */
  instance: string;
  ready: boolean;
  checks: Readonly<Record<string, Check>>;
}

export interface Report {
  ready: boolean;
  /** Of the process that answers. */
  checks: Readonly<Record<string, Check>>;
  /** Every process that was heard of in the last seconds. */
  parts: readonly Part[];
  projections: readonly ProjectionBuild[];
}

export function reportOf(told: HealthDetailed200): Report {
  const { ready, checks, parts, projections } = told as Partial<Report>;
  return { ready: ready === true, checks: checks ?? {}, parts: parts ?? [], projections: projections ?? [] };
}

/** Without these the hub does not work; there may be more, and several of each. */
export const NEEDED = ["gateway", "projector", "workers"] as const;
