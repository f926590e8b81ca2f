import { MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { useState } from "react";

import { COLUMNS } from "@/features/gpu/values";
import { GpuColumn } from "@/generated/api.schemas";

interface ColumnsMenuProps {
  chosen: readonly GpuColumn[];
  onChange: (chosen: GpuColumn[] | undefined) => void;
}

/** Which metrics are charted; at least one. */
export function ColumnsMenu({ chosen, onChange }: ColumnsMenuProps) {
  const [open, setOpen] = useState(false);
  const all = Object.keys(COLUMNS) as GpuColumn[];
  const flip = (column: GpuColumn) => {
    const next = all.filter((each) => (each === column) !== chosen.includes(each));
    onChange(next.length > 0 ? next : undefined);
  };
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={(_, column) => flip(column as GpuColumn)}
      selected={chosen}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
          {chosen.length === 1 ? COLUMNS[chosen[0]!].name : `${chosen.length} metrics`}
        </MenuToggle>
      )}
    >
      <SelectList>
        {all.map((column) => (
          <SelectOption key={column} value={column} hasCheckbox isSelected={chosen.includes(column)}>
            {COLUMNS[column].name}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}
