/** Where a cluster's own consoles are. */

import { BACKEND_NAMES, BACKENDS } from "@/features/clusters/shared/draft";
import type { ClusterView } from "@/generated/api.schemas";

export interface ConsoleLink {
  text: string;
  url: string;
  hint?: string;
}

/** Only what a browser may open: a registration is text that somebody wrote. */
export function safeUrl(text: string | null | undefined): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  return /^https?:$/.test(new URL(text).protocol) ? text : undefined;
}

export function linksOf({ api_server_url, endpoints = {}, platform }: ClusterView): ConsoleLink[] {
  const found: [string, string | undefined, string?][] = [
    ["OpenShift console", platform === "OPENSHIFT" ? consoleOf(api_server_url) : undefined, "At its usual address"],
    ...BACKENDS.map((each): [string, string | undefined] => [
      BACKEND_NAMES[each],
      safeUrl(endpoints[`${each}_url`]),
    ]),
    ["API server", safeUrl(api_server_url)],
  ];
  return found.flatMap(([text, url, hint]) =>
    url === undefined ? [] : [{ text, url, ...(hint ? { hint } : {}) }],
  );
}

/** An OpenShift cluster `api.NAME` has its console at `console-openshift-console.apps.NAME`. */
export function consoleOf(apiServer: string): string | undefined {
  if (!URL.canParse(apiServer)) return undefined;
  const { hostname } = new URL(apiServer);
  if (!/^api\.[^.]+\..+/.test(hostname)) return undefined;
  return `https://console-openshift-console.apps.${hostname.slice("api.".length)}`;
}
