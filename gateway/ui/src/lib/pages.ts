/** The pages of the UI: what the navigation, the palette and the keyboard know of. */

import type { Path } from "@/lib/place";

export interface PageEntry {
  to: Path;
  title: string;
  /** Pressed after `g`. */
  key: string;
  group?: "Observability";
}

export const PAGES: readonly PageEntry[] = [
  { to: "/", title: "Fleet", key: "f" },
  { to: "/clusters", title: "Clusters", key: "c" },
  { to: "/alerts", title: "Alerts", key: "a" },
  { to: "/gpu", title: "GPUs", key: "u" },
  { to: "/cnf", title: "Network functions", key: "n" },
  { to: "/observability/metrics", title: "Metrics", key: "m", group: "Observability" },
  { to: "/observability/logs", title: "Logs", key: "l", group: "Observability" },
  { to: "/observability/traces", title: "Traces", key: "t", group: "Observability" },
  { to: "/events", title: "Events", key: "e" },
  { to: "/operations", title: "Operations", key: "o" },
  { to: "/settings", title: "Settings", key: "s" },
];

/** The page that a path belongs to: `/clusters/42` to Clusters. */
export function pageOf(path: string): PageEntry | undefined {
  return PAGES.findLast(({ to }) => path === to || (to !== "/" && path.startsWith(`${to}/`)));
}
