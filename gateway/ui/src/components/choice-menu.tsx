import "@/components/choice-menu.css";

import { Badge, MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { useState } from "react";

import { count } from "@/lib/format";

interface ChoiceMenuProps<Value extends string> {
  /** What is chosen: `State`. */
  label: string;
  of: Readonly<Record<Value, string>>;
  chosen: readonly Value[];
  /** How many there are of each, where that is known. */
  counts?: Readonly<Record<string, number>> | undefined;
  onChange: (chosen: Value[]) => void;
}

/** Some of a few values, by checkboxes; none chosen means all. */
export function ChoiceMenu<Value extends string>(props: ChoiceMenuProps<Value>) {
  const { label, of, chosen, counts, onChange } = props;
  const [open, setOpen] = useState(false);
  const values = Object.keys(of) as Value[];
  const flip = (value: Value) =>
    onChange(values.filter((each) => (each === value) !== chosen.includes(each)));
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={(_, value) => flip(value as Value)}
      selected={chosen}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          badge={chosen.length > 0 ? <Badge isRead>{chosen.length}</Badge> : undefined}
        >
          {label}
        </MenuToggle>
      )}
    >
      <SelectList>
        {values.map((value) => (
          <SelectOption key={value} value={value} hasCheckbox isSelected={chosen.includes(value)}>
            <span className="choice-menu-option">
              {of[value]}
              {counts ? <span className="quiet numbers">{count(counts[value] ?? 0)}</span> : null}
            </span>
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}
