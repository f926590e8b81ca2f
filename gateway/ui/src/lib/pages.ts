/** The pages of the UI: what the navigation, the palette and the keyboard know of. */

import type { Path } from "@/lib/place";
import type { Rights } from "@/lib/rights";

export interface PageEntry {
  to: Path;
  title: string;
  /** Pressed after `g`. */
  key: string;
  group?: "Observability";
  /** For administrators of all clusters only: others are not led there. */
  ruling?: true;
}

export const PAGES: readonly PageEntry[] = [
  { to: "/", title: "Fleet", key: "f" },
  { to: "/clusters", title: "Clusters", key: "c" },
  { to: "/alerts", title: "Alerts", key: "a" },
  { to: "/incidents", title: "Incidents", key: "i" },
  { to: "/anomalies", title: "Anomalies", key: "y" },
  { to: "/replays", title: "What if", key: "w" },
  { to: "/chat", title: "Chat", key: "h" },
  { to: "/reports", title: "Reports", key: "r" },
  { to: "/gpu", title: "GPUs", key: "u" },
  { to: "/cnf", title: "Network functions", key: "n" },
  { to: "/observability/metrics", title: "Metrics", key: "m", group: "Observability" },
  { to: "/observability/logs", title: "Logs", key: "l", group: "Observability" },
  { to: "/observability/traces", title: "Traces", key: "t", group: "Observability" },
  { to: "/events", title: "Events", key: "e" },
  { to: "/operations", title: "Operations", key: "o", ruling: true },
  { to: "/audit", title: "Audit", key: "d", ruling: true },
  { to: "/settings", title: "Settings", key: "s" },
];

/** Those that whoever is here is led to. */
export const pagesFor = ({ rules }: Rights): readonly PageEntry[] => PAGES.filter(({ ruling }) => rules || !ruling);

/** The page that a path belongs to: `/clusters/42` to Clusters. */
export function pageOf(path: string): PageEntry | undefined {
  return PAGES.findLast(({ to }) => path === to || (to !== "/" && path.startsWith(`${to}/`)));
}
