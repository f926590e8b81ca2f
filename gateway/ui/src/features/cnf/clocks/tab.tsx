import { ChoiceMenu } from "@/components/choice-menu";
import { ClockDrawer } from "@/features/cnf/clocks/drawer";
import { COLUMNS } from "@/features/cnf/clocks/columns";
import { ExplainClock } from "@/features/cnf/explain/explain-clock";
import { CLOCK_STATES, isNarrowed, paramsOf, type CnfSearch } from "@/features/cnf/search";
import { AreaList } from "@/features/cnf/shared/area-list";
import { named, PATHS } from "@/features/cnf/shared/names";
import type { Overview } from "@/features/cnf/shared/overview";
import { clockId } from "@/features/cnf/shared/rows";
import { CLOCKS } from "@/features/cnf/shared/states";
import { Toolbar } from "@/features/cnf/shared/toolbar";
import { useListed } from "@/features/cnf/shared/use-listed";
import { getListPtpStatusUrl, listPtpStatus } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

const STATES = named(CLOCK_STATES, (state) => CLOCKS[state][0]);

/** Clocks, and how they follow their sources. */
export function ClocksTab({ overview }: { overview: Overview }) {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const params = paramsOf("clocks", search);
  const list = useListed({ path: PATHS.clocks, params, read: listPtpStatus, idOf: clockId });
  const request = getListPtpStatusUrl({ ...params, ...useAsOf(), page_size: 100 });
  const counts = isNarrowed("clocks", { ...search, clock_state: undefined }) ? undefined : overview.clocks.data;
  return (
    <>
      <Toolbar tab="clocks" list={list} request={request}>
        <ChoiceMenu
          label="State"
          of={STATES}
          chosen={search.clock_state ?? []}
          counts={counts && { ...counts.by_state }}
          onChange={(states) => setSearch({ clock_state: states.length > 0 ? states : undefined })}
        />
      </Toolbar>
      <AreaList
        tab="clocks"
        list={list}
        columns={COLUMNS}
        idOf={clockId}
        drawer={
          search.open === undefined ? null : search.explain === search.open ? (
            <ExplainClock id={search.open} onClose={() => setSearch({ explain: undefined })} />
          ) : (
            <ClockDrawer key={search.open} id={search.open} known={list.rows.find((row) => clockId(row) === search.open)} />
          )
        }
      />
    </>
  );
}
