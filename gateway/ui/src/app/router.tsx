/** Every route of the UI, and what it reads from its URL; pages are loaded when they are gone to. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from "@tanstack/react-router";

import { followMoves, withDefaultView } from "@/app/default-view";
import { NotFound } from "@/app/not-found";
import { PageNotLoaded } from "@/app/page-not-loaded";
import { isNotLoaded } from "@/app/renewed";
import { Root } from "@/app/root";
import { readNear } from "@/components/neighbourhood/entity";
import { PageCrashed } from "@/components/page-crashed";
import { readAlertsSearch } from "@/features/alerts/search";
import { readAnomaliesSearch, readAnomalySearch } from "@/features/anomalies/search";
import { readChatSearch } from "@/features/chat/search";
import { readClusterSearch, readClustersSearch } from "@/features/clusters/search";
import { readCnfSearch } from "@/features/cnf/search";
import { readAuditSearch } from "@/features/events/audit/search";
import { readEventsSearch } from "@/features/events/search";
import { readFleetSearch } from "@/features/fleet/search";
import { readGpuSearch } from "@/features/gpu/search";
import { readIncidentSearch, readIncidentsSearch } from "@/features/incidents/search";
import { readLogsSearch, readMetricsSearch, readTracesSearch } from "@/features/observability/search";
import { readOperationsSearch } from "@/features/operations/search";
import { readReplaysSearch } from "@/features/replays/search";
import { readReportsSearch } from "@/features/reports/search";
import { COMMON, type CommonSearch } from "@/lib/place";
import { parseSearch, stringifySearch, text, type Raw } from "@/lib/search";

const root = createRootRoute({
  component: Root,
  notFoundComponent: NotFound,
  validateSearch: (raw: Raw): CommonSearch => ({
    from: text(raw["from"]),
    to: text(raw["to"]),
    as_of: instant(raw["as_of"]),
    near: readNear(raw["near"]),
  }),
  search: { middlewares: [retainSearchParams([...COMMON])] },
});

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Only a point in time that the hub can read too, and that has come. */
function instant(value: unknown): string | undefined {
  const said = text(value);
  if (said === undefined || !INSTANT.test(said)) return undefined;
  const at = Date.parse(said);
  return Number.isNaN(at) || at > Date.now() ? undefined : said;
}

const at = { getParentRoute: () => root, beforeLoad: withDefaultView };
const routes = [
  createRoute({
    ...at,
    path: "/",
    validateSearch: readFleetSearch,
    component: lazyRouteComponent(() => import("@/features/fleet/page"), "FleetPage"),
  }),
  createRoute({
    ...at,
    path: "/login",
    component: lazyRouteComponent(() => import("@/features/login/page"), "LoginPage"),
  }),
  createRoute({
    ...at,
    path: "/clusters",
    validateSearch: readClustersSearch,
    component: lazyRouteComponent(() => import("@/features/clusters/page"), "ClustersPage"),
  }),
  createRoute({
    ...at,
    path: "/clusters/add",
    component: lazyRouteComponent(() => import("@/features/clusters/add/page"), "AddClusterPage"),
  }),
  createRoute({
    ...at,
    path: "/clusters/$clusterId",
    validateSearch: readClusterSearch,
    component: lazyRouteComponent(() => import("@/features/clusters/detail/page"), "ClusterPage"),
  }),
  createRoute({
    ...at,
    path: "/alerts",
    validateSearch: readAlertsSearch,
    component: lazyRouteComponent(() => import("@/features/alerts/page"), "AlertsPage"),
  }),
  createRoute({
    ...at,
    path: "/incidents",
    validateSearch: readIncidentsSearch,
    component: lazyRouteComponent(() => import("@/features/incidents/page"), "IncidentsPage"),
  }),
  createRoute({
    ...at,
    path: "/incidents/$incidentId",
    validateSearch: readIncidentSearch,
    component: lazyRouteComponent(() => import("@/features/incidents/detail/page"), "IncidentPage"),
  }),
  createRoute({
    ...at,
    path: "/anomalies",
    validateSearch: readAnomaliesSearch,
    component: lazyRouteComponent(() => import("@/features/anomalies/page"), "AnomaliesPage"),
  }),
  createRoute({
    ...at,
    path: "/anomalies/$anomalyId",
    validateSearch: readAnomalySearch,
    component: lazyRouteComponent(() => import("@/features/anomalies/detail/page"), "AnomalyPage"),
  }),
  createRoute({
    ...at,
    path: "/replays",
    validateSearch: readReplaysSearch,
    component: lazyRouteComponent(() => import("@/features/replays/page"), "ReplaysPage"),
  }),
  createRoute({
    ...at,
    path: "/chat",
    validateSearch: readChatSearch,
    component: lazyRouteComponent(() => import("@/features/chat/page"), "ChatPage"),
  }),
  createRoute({
    ...at,
    path: "/chat/$sessionId",
    component: lazyRouteComponent(() => import("@/features/chat/page"), "ChatPage"),
  }),
  createRoute({
    ...at,
    path: "/reports",
    validateSearch: readReportsSearch,
    component: lazyRouteComponent(() => import("@/features/reports/page"), "ReportsPage"),
  }),
  createRoute({
    ...at,
    path: "/reports/$reportId",
    component: lazyRouteComponent(() => import("@/features/reports/detail/page"), "ReportPage"),
  }),
  createRoute({
    ...at,
    path: "/gpu",
    validateSearch: readGpuSearch,
    component: lazyRouteComponent(() => import("@/features/gpu/page"), "GpuPage"),
  }),
  createRoute({
    ...at,
    path: "/cnf",
    validateSearch: readCnfSearch,
    component: lazyRouteComponent(() => import("@/features/cnf/page"), "CnfPage"),
  }),
  createRoute({
    ...at,
    path: "/observability",
    beforeLoad: () => {
      throw redirect({ to: "/observability/metrics" });
    },
  }),
  createRoute({
    ...at,
    path: "/observability/metrics",
    validateSearch: readMetricsSearch,
    component: lazyRouteComponent(() => import("@/features/observability/metrics/page"), "MetricsPage"),
  }),
  createRoute({
    ...at,
    path: "/observability/logs",
    validateSearch: readLogsSearch,
    component: lazyRouteComponent(() => import("@/features/observability/logs/page"), "LogsPage"),
  }),
  createRoute({
    ...at,
    path: "/observability/traces",
    validateSearch: readTracesSearch,
    component: lazyRouteComponent(() => import("@/features/observability/traces/page"), "TracesPage"),
  }),
  createRoute({
    ...at,
    path: "/events",
    validateSearch: readEventsSearch,
    component: lazyRouteComponent(() => import("@/features/events/page"), "EventsPage"),
  }),
  createRoute({
    ...at,
    path: "/operations",
    validateSearch: readOperationsSearch,
    component: lazyRouteComponent(() => import("@/features/operations/page"), "OperationsPage"),
  }),
  createRoute({
    ...at,
    path: "/audit",
    validateSearch: readAuditSearch,
    component: lazyRouteComponent(() => import("@/features/events/audit/page"), "AuditPage"),
  }),
  createRoute({
    ...at,
    path: "/settings",
    component: lazyRouteComponent(() => import("@/features/settings/page"), "SettingsPage"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingMs: 200,
  scrollRestoration: true,
  scrollToTopSelectors: ["#page"],
  defaultErrorComponent: (props) => (isNotLoaded(props.error) ? <PageNotLoaded /> : <PageCrashed {...props} />),
});

followMoves(router);

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
