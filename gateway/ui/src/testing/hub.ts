/**
 * A hub for component tests: every route of the API, with generated answers unless a test gives its
 * own. Who asks is an administrator of all clusters.
 */

import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";

import { getAIOpsNextGenMock } from "@/generated/api.msw";
import type { Whoami } from "@/generated/api.schemas";

const ADMIN: Whoami = { user: "ada", role: "admin", clusters: [], everywhere: true };

const me = (who: Whoami) => http.get("*/auth/me", () => HttpResponse.json(who));

export const hub = setupServer(me(ADMIN), ...getAIOpsNextGenMock());

/** From now on somebody else asks. */
export function asking(who: Partial<Whoami>): void {
  const { role, clusters } = { ...ADMIN, ...who };
  const everywhere = clusters.length === 0 && role !== null && role !== "ingest";
  hub.use(me({ ...ADMIN, everywhere, ...who }));
}
