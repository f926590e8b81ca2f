import { Switch } from "@patternfly/react-core";

import { COLUMNS } from "@/features/cnf/functions/columns";
import { FunctionDrawer } from "@/features/cnf/functions/drawer";
import { paramsOf, type CnfSearch } from "@/features/cnf/search";
import { AreaList } from "@/features/cnf/shared/area-list";
import { PATHS } from "@/features/cnf/shared/names";
import { functionId } from "@/features/cnf/shared/rows";
import { Toolbar } from "@/features/cnf/shared/toolbar";
import { useListed } from "@/features/cnf/shared/use-listed";
import { getListSriovStatusUrl, listSriovStatus } from "@/generated/api";
import type { SriovTotals } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** Virtual functions by resource and node. */
export function FunctionsTab() {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const params = paramsOf("functions", search);
  const list = useListed({ path: PATHS.functions, params, read: listSriovStatus, idOf: functionId });
  const request = getListSriovStatusUrl({ ...params, ...useAsOf(), page_size: 100 });
  const totals = list.newest?.totals;
  return (
    <>
      <Toolbar tab="functions" list={list} request={request}>
        <Switch
          id="cnf-exhausted"
          label="Only with none free"
          isChecked={search.exhausted === true}
          onChange={(_, checked) => setSearch({ exhausted: checked || undefined })}
        />
      </Toolbar>
      <AreaList
        tab="functions"
        list={list}
        columns={COLUMNS}
        idOf={functionId}
        totals={totals ? inWords(totals) : undefined}
        drawer={
          search.open === undefined ? null : (
            <FunctionDrawer
              key={search.open}
              id={search.open}
              known={list.rows.find((row) => functionId(row) === search.open)}
            />
          )
        }
      />
    </>
  );
}

const inWords = ({ used_vfs, allocatable_vfs, total_vfs }: SriovTotals) =>
  `${count(used_vfs)} in use of ${count(allocatable_vfs)} that pods may have, ${count(total_vfs)} in all`;
