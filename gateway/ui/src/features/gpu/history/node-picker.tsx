import {
  Menu,
  MenuContainer,
  MenuContent,
  MenuFooter,
  MenuItem,
  MenuList,
  MenuSearch,
  MenuSearchInput,
  MenuToggle,
} from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { useDeferredValue, useRef, useState } from "react";

import { FindField } from "@/components/find-field";
import { nodeKey, type NodeId } from "@/features/gpu/search";
import { useListGpuNodes } from "@/generated/api";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

const SHOWN = 30;

interface NodePickerProps {
  chosen: NodeId | undefined;
  clusters: readonly string[];
  onChange: (key: string) => void;
}

/** One node, found by its name or its cluster's. */
export function NodePicker({ chosen, clusters, onChange }: NodePickerProps) {
  const [open, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const q = useDeferredValue(words.trim());
  const asOf = useAsOf();
  const { data, error } = useListGpuNodes(
    { ...(q ? { q } : {}), ...(clusters.length > 0 ? { cluster_id: [...clusters] } : {}), page_size: SHOWN, ...asOf },
    { query: { enabled: open, placeholderData: keepPreviousData } },
  );
  const more = (data?.total ?? 0) - (data?.items.length ?? 0);
  return (
    <MenuContainer
      isOpen={open}
      onOpenChange={setOpen}
      menuRef={menu}
      toggleRef={toggle}
      toggle={
        <MenuToggle ref={toggle} className="gpu-picker" isExpanded={open} onClick={() => setOpen(!open)}>
          <span className="cut">{chosen?.name ?? "Choose a node"}</span>
        </MenuToggle>
      }
      menu={
        <Menu
          ref={menu}
          isScrollable
          onSelect={(_, key) => {
            setOpen(false);
            onChange(String(key));
          }}
        >
          <MenuSearch>
            <MenuSearchInput>
              <FindField label="Find a node" placeholder="Node, cluster or GPU" value={words} onChange={setWords} />
            </MenuSearchInput>
          </MenuSearch>
          <MenuContent>
            <MenuList aria-label="Nodes with GPUs">
              {data?.items.map(({ cluster_id, cluster_name, node_name, gpus }) => (
                <MenuItem
                  key={nodeKey(cluster_id, node_name)}
                  itemId={nodeKey(cluster_id, node_name)}
                  description={`${cluster_name} · ${plural(gpus.length, "GPU")}`}
                >
                  {node_name}
                </MenuItem>
              ))}
            </MenuList>
          </MenuContent>
          <MenuFooter>
            <p className="hint">
              {error
                ? "The nodes could not be read"
                : more > 0
                  ? `${more} more: search by name`
                  : data?.items.length === 0
                    ? "No node is called so"
                    : "These are all"}
            </p>
          </MenuFooter>
        </Menu>
      }
    />
  );
}
