import { DropdownGroup, DropdownItem, DropdownList } from "@patternfly/react-core";
import { AdjustIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { DENSITIES, THEMES, useSettings, ZONES, type Choices as Offered } from "@/lib/settings";

/** Theme, density and time zone, on every page. */
export function LookMenu() {
  const { theme, density, zone, set } = useSettings();
  return (
    <ActionMenu label="Theme, density and time zone" icon={<AdjustIcon />}>
      <Choices label="Theme" of={THEMES} now={theme} onPick={(value) => set({ theme: value })} />
      <Choices label="Density" of={DENSITIES} now={density} onPick={(value) => set({ density: value })} />
      <Choices label="Times" of={ZONES} now={zone} onPick={(value) => set({ zone: value })} />
    </ActionMenu>
  );
}

interface ChoicesProps<T extends string> {
  label: string;
  of: Offered<T>;
  now: T;
  onPick: (value: T) => void;
}

function Choices<T extends string>({ label, of, now, onPick }: ChoicesProps<T>) {
  return (
    <DropdownGroup label={label}>
      <DropdownList>
        {of.map(([value, words]) => (
          <DropdownItem key={value} isSelected={value === now} onClick={() => onPick(value)}>
            {words}
          </DropdownItem>
        ))}
      </DropdownList>
    </DropdownGroup>
  );
}
