/**
 * A hub for component tests: every route of the API, with generated answers unless a test gives its
 * own. Who asks is an administrator of all clusters who has logged in by a code.
 */

import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";

import { getAIOpsNextGenMock } from "@/generated/api.msw";
import type { GrantView, LoginWaysMode, Whoami } from "@/generated/api.schemas";

const ADMIN: Whoami = { user: "ada", role: "admin", clusters: [], everywhere: true, grants: [{ role: "admin", clusters: null }] };

const me = (who: Whoami) => http.get("*/auth/me", () => HttpResponse.json(who));

/** How one logs in. */
export const ways = (mode: LoginWaysMode) => http.get("*/auth/ways", () => HttpResponse.json({ mode }));

export const hub = setupServer(me(ADMIN), ways("token"), ...getAIOpsNextGenMock());

/** Somebody with one role, everywhere unless clusters are named; or with what `who` says beyond that. */
export function somebody(who: Partial<Whoami> = {}): Whoami {
  const { role, clusters } = { ...ADMIN, ...who };
  const everywhere = clusters.length === 0 && role !== null && role !== "ingest";
  const grants: GrantView[] = role === null ? [] : [{ role, clusters: clusters.length === 0 ? null : clusters }];
  return { ...ADMIN, everywhere, grants, ...who };
}

/** From now on somebody else asks. */
export function asking(who: Partial<Whoami>): void {
  hub.use(me(somebody(who)));
}
