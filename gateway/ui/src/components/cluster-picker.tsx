/** Which clusters a page asks or shows. */

import "@/components/cluster-picker.css";

import {
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
} from "@patternfly/react-core";
import { useRef, useState } from "react";

import { FindField } from "@/components/find-field";
import { useClusters } from "@/components/use-clusters";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

/** Shown at once; to find others there is the search. */
const MOST = 50;

interface ClusterPickerProps {
  /** Ids; empty: all. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Which clusters are meant: all, or some by name. */
export function ClusterPicker({ chosen, onChange }: ClusterPickerProps) {
  /** Those that were chosen when it was opened come first, and stay there while others are. */
  const [open, setOpen] = useState<readonly string[]>();
  const [wanted, setWanted] = useState("");
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const clusters = useClusters();
  const found = open === undefined ? [] : matching([...clusters.values()], wanted, new Set(open));
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
      isOpen={open !== undefined}
      onOpenChange={(opened) => setOpen(opened ? chosen : undefined)}
      menuRef={menu}
      toggleRef={toggle}
      toggle={
        <MenuToggle
          ref={toggle}
          className="cluster-picker"
          isExpanded={open !== undefined}
          onClick={() => setOpen(open === undefined ? chosen : undefined)}
        >
          <span className="cut" title={label}>
            {label}
          </span>
        </MenuToggle>
      }
      menu={
        <Menu ref={menu} isScrollable onSelect={(_, id) => flip(String(id))}>
          <MenuSearch>
            <MenuSearchInput>
              <FindField label="Find a cluster" value={wanted} onChange={setWanted} />
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

/** Those that come first, then the others, by name: in this order they stay, however they are. */
function matching(clusters: readonly ClusterInFleet[], wanted: string, first: ReadonlySet<string>) {
  return clusters
    .filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()))
    .toSorted(
      (a, b) =>
        Number(first.has(b.id)) - Number(first.has(a.id)) || a.name.localeCompare(b.name, "en", { numeric: true }),
    );
}
