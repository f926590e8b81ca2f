import { Switch } from "@patternfly/react-core";

import { COLUMNS } from "@/features/cnf/ports/columns";
import { PortDrawer } from "@/features/cnf/ports/drawer";
import { paramsOf, type CnfSearch } from "@/features/cnf/search";
import { AreaList } from "@/features/cnf/shared/area-list";
import { NamespaceField } from "@/features/cnf/shared/namespace-field";
import { PATHS } from "@/features/cnf/shared/names";
import { rate, sum } from "@/features/cnf/shared/numbers";
import { portId } from "@/features/cnf/shared/rows";
import { Toolbar } from "@/features/cnf/shared/toolbar";
import { useListed } from "@/features/cnf/shared/use-listed";
import { getListDpdkStatsUrl, listDpdkStats } from "@/generated/api";
import type { DpdkTotals } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** Ports of pods that use DPDK, and what passes through them. */
export function PortsTab() {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const params = paramsOf("ports", search);
  const list = useListed({ path: PATHS.ports, params, read: listDpdkStats, idOf: portId });
  const request = getListDpdkStatsUrl({ ...params, ...useAsOf(), page_size: 100 });
  const totals = list.newest?.totals;
  return (
    <>
      <Toolbar tab="ports" list={list} request={request}>
        <NamespaceField />
        <Switch
          id="cnf-dropping"
          label="Only those that drop packets"
          isChecked={search.dropping === true}
          onChange={(_, checked) => setSearch({ dropping: checked || undefined })}
        />
      </Toolbar>
      <AreaList
        tab="ports"
        list={list}
        columns={COLUMNS}
        idOf={portId}
        totals={totals ? inWords(totals) : undefined}
        drawer={
          search.open === undefined ? null : (
            <PortDrawer key={search.open} id={search.open} known={list.rows.find((row) => portId(row) === search.open)} />
          )
        }
      />
    </>
  );
}

/** Sums of what is known. */
function inWords(of: DpdkTotals): string {
  const dropped = sum(of.rx_dropped_per_second, of.tx_dropped_per_second);
  return [
    `${rate(of.rx_packets_per_second)} packets/s received`,
    `${rate(of.tx_packets_per_second)} sent`,
    `${rate(dropped)} dropped`,
  ].join(", ");
}
