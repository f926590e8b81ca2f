import { paramsOf, type CnfSearch } from "@/features/cnf/search";
import { AreaList } from "@/features/cnf/shared/area-list";
import { PATHS } from "@/features/cnf/shared/names";
import { workloadId } from "@/features/cnf/shared/rows";
import { Toolbar } from "@/features/cnf/shared/toolbar";
import { useListed } from "@/features/cnf/shared/use-listed";
import { COLUMNS } from "@/features/cnf/workloads/columns";
import { WorkloadDrawer } from "@/features/cnf/workloads/drawer";
import { WorkloadFilters } from "@/features/cnf/workloads/filters";
import type { Overview } from "@/features/cnf/shared/overview";
import { getListCnfWorkloadsUrl, listCnfWorkloads } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { useSearch } from "@/lib/place";

/** Pods of network functions. */
export function WorkloadsTab({ overview }: { overview: Overview }) {
  const search = useSearch<CnfSearch>();
  const params = paramsOf("workloads", search);
  const list = useListed({ path: PATHS.workloads, params, read: listCnfWorkloads, idOf: workloadId });
  const request = getListCnfWorkloadsUrl({ ...params, ...useAsOf(), page_size: 100 });
  return (
    <>
      <Toolbar tab="workloads" list={list} request={request}>
        <WorkloadFilters counts={overview.workloads.data} />
      </Toolbar>
      <AreaList
        tab="workloads"
        list={list}
        columns={COLUMNS}
        idOf={workloadId}
        drawer={
          search.open === undefined ? null : (
            <WorkloadDrawer
              key={search.open}
              id={search.open}
              known={list.rows.find((row) => workloadId(row) === search.open)}
            />
          )
        }
      />
    </>
  );
}
