import { DropdownGroup, DropdownItem, DropdownList } from "@patternfly/react-core";
import { AdjustIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { useSettings, type Density, type Theme, type Zone } from "@/lib/settings";

const THEMES: readonly [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const DENSITIES: readonly [Density, string][] = [
  ["comfortable", "Comfortable"],
  ["compact", "Compact"],
];
const ZONES: readonly [Zone, string][] = [
  ["local", "Local time"],
  ["utc", "UTC"],
];

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
  of: readonly [T, string][];
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
