/** The four areas in figures, over all clusters or those that are chosen. */

import { keepPreviousData } from "@tanstack/react-query";

import { useListCnfWorkloads, useListDpdkStats, useListPtpStatus, useListSriovStatus } from "@/generated/api";
import type {
  CnfUnknown,
  CnfWorkloadList,
  DpdkPortList,
  PtpStatusList,
  SriovStatusList,
} from "@/generated/api.schemas";
import type { Tab } from "@/features/cnf/search";
import { useAsOf } from "@/lib/moment";

const KEPT = { query: { placeholderData: keepPreviousData } };

type About<Answer> = { data: Answer | undefined; error: Error | null };

export interface Overview {
  workloads: About<Pick<CnfWorkloadList, "total" | "by_state" | "by_type" | "missing">>;
  clocks: About<Pick<PtpStatusList, "total" | "by_state" | "missing">>;
  functions: About<Pick<SriovStatusList, "total" | "totals" | "missing">>;
  ports: About<Pick<DpdkPortList, "total" | "totals" | "missing">>;
}

export function useOverview(clusters: readonly string[] | undefined): Overview {
  const params = { ...useAsOf(), ...(clusters ? { cluster_id: [...clusters] } : {}), page_size: 1 };
  return {
    workloads: useListCnfWorkloads(params, KEPT),
    clocks: useListPtpStatus(params, KEPT),
    functions: useListSriovStatus(params, KEPT),
    ports: useListDpdkStats(params, KEPT),
  };
}

const all = (of: Overview) => [of.workloads, of.clocks, of.functions, of.ports];

/** There is nothing at all, and nothing that might be there. */
export const isEmpty = (of: Overview): boolean => all(of).every(({ data }) => data?.total === 0);

export const missingOf = (of: Overview, tab: Tab): readonly CnfUnknown[] => of[tab].data?.missing ?? [];

/** How many on a tab are not well: what its title counts. */
export function badOn(of: Overview): Record<Tab, number> {
  const workloads = of.workloads.data?.by_state;
  const clocks = of.clocks.data?.by_state;
  return {
    workloads: workloads ? workloads.FAILED + workloads.CRASHING + workloads.UNKNOWN + workloads.PENDING : 0,
    clocks: clocks ? clocks.FREERUN + clocks.HOLDOVER : 0,
    functions: of.functions.data?.totals.exhausted ?? 0,
    ports: of.ports.data?.totals.dropping ?? 0,
  };
}
