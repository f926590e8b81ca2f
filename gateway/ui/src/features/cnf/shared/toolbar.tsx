import type { ReactNode } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { CopyMenu } from "@/components/copy-menu";
import { LiveToggle } from "@/components/live-toggle";
import { SearchField } from "@/components/search-field";
import { Chips } from "@/features/cnf/shared/chips";
import type { CnfSearch, Tab } from "@/features/cnf/search";
import { useSearch, useSetSearch } from "@/lib/place";

interface ToolbarProps {
  tab: Tab;
  list: { paused: boolean; waiting: number; setPaused: (paused: boolean) => void };
  /** What is asked of the hub. */
  request: string;
  /** Filters of this tab. */
  children: ReactNode;
}

const NONE: readonly string[] = [];
const FINDS: Readonly<Record<Tab, string>> = {
  workloads: "Find pod or namespace",
  clocks: "Find node or interface",
  functions: "Find node or resource",
  ports: "Find pod or port",
};

export function Toolbar({ tab, list, request, children }: ToolbarProps) {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  return (
    <>
      <div className="toolbar" role="search" aria-label="Filters">
        <ClusterPicker
          chosen={search.cluster_id ?? NONE}
          onChange={(ids) => setSearch({ cluster_id: ids.length > 0 ? ids : undefined })}
        />
        <SearchField
          label={FINDS[tab]}
          shortcut="/"
          value={search.q ?? ""}
          onChange={(q) => setSearch({ q: q || undefined }, { replace: true })}
        />
        {children}
        <div className="toolbar-end">
          <LiveToggle paused={list.paused} waiting={list.waiting} onChange={list.setPaused} />
          <CopyMenu request={{ path: request }} />
        </div>
      </div>
      <Chips tab={tab} />
    </>
  );
}
