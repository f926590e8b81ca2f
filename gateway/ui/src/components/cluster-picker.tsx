import {
  Badge,
  Menu,
  MenuContent,
  MenuFooter,
  MenuItem,
  MenuList,
  MenuSearch,
  MenuSearchInput,
  Button,
  MenuToggle,
  MenuContainer,
  SearchInput,
} from "@patternfly/react-core";
import { useMemo, useRef, useState } from "react";

import { useGetFleetHealth } from "@/generated/api";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

/** Shown at once; to find others there is the search. */
const MOST = 50;

interface ClusterPickerProps {
  /** Ids; empty: all. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Every cluster by id: name and state. */
export function useClusters(): ReadonlyMap<string, ClusterInFleet> {
  const { data } = useGetFleetHealth(useAsOf(), { query: { staleTime: 30_000 } });
  return useMemo(() => new Map(data?.items.map((cluster) => [cluster.id, cluster])), [data]);
}

/** Which clusters are meant: all, or some by name. */
export function ClusterPicker({ chosen, onChange }: ClusterPickerProps) {
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState("");
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const clusters = useClusters();
  const found = [...clusters.values()]
    .filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))
    .toSorted((a, b) => Number(chosen.includes(b.id)) - Number(chosen.includes(a.id)));
  const flip = (id: string) =>
    onChange(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  const label =
    chosen.length === 0
      ? "All clusters"
      : chosen.length === 1
        ? (clusters.get(chosen[0]!)?.name ?? "1 cluster")
        : plural(chosen.length, "cluster");
  return (
    <MenuContainer
      isOpen={open}
      onOpenChange={setOpen}
      menuRef={menu}
      toggleRef={toggle}
      toggle={
        <MenuToggle
          ref={toggle}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          badge={chosen.length > 1 ? <Badge isRead>{chosen.length}</Badge> : undefined}
        >
          {label}
        </MenuToggle>
      }
      menu={
        <Menu ref={menu} isScrollable onSelect={(_, id) => flip(String(id))}>
          <MenuSearch>
            <MenuSearchInput>
              <SearchInput
                aria-label="Find a cluster"
                placeholder="Find a cluster"
                value={wanted}
                onChange={(_, value) => setWanted(value)}
                onClear={() => setWanted("")}
              />
            </MenuSearchInput>
          </MenuSearch>
          <MenuContent>
            <MenuList aria-label="Clusters">
              {found.slice(0, MOST).map(({ id, name }) => (
                <MenuItem key={id} itemId={id} hasCheckbox isSelected={chosen.includes(id)}>
                  {name}
                </MenuItem>
              ))}
            </MenuList>
          </MenuContent>
          <MenuFooter>
            {found.length > MOST ? <p className="hint">{found.length - MOST} more: search by name</p> : null}
            <Button variant="link" isInline isDisabled={chosen.length === 0} onClick={() => onChange([])}>
              All clusters
            </Button>
          </MenuFooter>
        </Menu>
      }
    />
  );
}
