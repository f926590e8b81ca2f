import { MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

interface ChoiceProps {
  /** What is chosen here: `State`. */
  label: string;
  /** Value and words; the first is what counts if nothing is chosen. */
  options: readonly (readonly [string, string])[];
  value: string;
  onChange: (value: string) => void;
  /** Below the options. */
  footer?: (close: () => void) => ReactNode;
}

/** One of a few, on a button that says which. */
export function Choice({ label, options, value, onChange, footer }: ChoiceProps) {
  const [open, setOpen] = useState(false);
  const words = options.find(([each]) => each === value)?.[1] ?? value;
  return (
    <Select
      isOpen={open}
      selected={value}
      onOpenChange={setOpen}
      onSelect={(_, chosen) => {
        setOpen(false);
        if (typeof chosen === "string") onChange(chosen);
      }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          aria-label={`${label}: ${words}`}
          className={value === options[0]![0] ? undefined : "alerts-chosen"}
          onClick={() => setOpen(!open)}
        >
          {words}
        </MenuToggle>
      )}
    >
      <SelectList aria-label={label}>
        {options.map(([each, text]) => (
          <SelectOption key={each} value={each}>
            {text}
          </SelectOption>
        ))}
      </SelectList>
      {footer?.(() => setOpen(false))}
    </Select>
  );
}
