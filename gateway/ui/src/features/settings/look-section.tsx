import { Switch, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";

import { Row, Section } from "@/features/settings/section";
import { DENSITIES, THEMES, useSettings, ZONES, type Choices } from "@/lib/settings";

/** How things look, and which keys count. */
export function LookSection() {
  const { theme, density, zone, singleKeys, set } = useSettings();
  const local = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Section title="Appearance and keyboard">
      <Row label="Theme">
        <Choice label="Theme" of={THEMES} now={theme} onPick={(value) => set({ theme: value })} />
      </Row>
      <Row label="Density" hint="Compact shows a third more rows.">
        <Choice label="Density" of={DENSITIES} now={density} onPick={(value) => set({ density: value })} />
      </Row>
      <Row label="Times" hint={`Local is ${local}.`}>
        <Choice label="Times" of={ZONES} now={zone} onPick={(value) => set({ zone: value })} />
      </Row>
      <Row label="Single-key shortcuts" hint="Keys such as t, / and g then a. Press ? for all of them.">
        <Switch
          aria-label="Single-key shortcuts"
          isChecked={singleKeys}
          onChange={(_, checked) => set({ singleKeys: checked })}
        />
      </Row>
    </Section>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  of: Choices<T>;
  now: T;
  onPick: (value: T) => void;
}

function Choice<T extends string>({ label, of, now, onPick }: ChoiceProps<T>) {
  return (
    <ToggleGroup aria-label={label}>
      {of.map(([value, words]) => (
        <ToggleGroupItem key={value} text={words} isSelected={value === now} onChange={() => onPick(value)} />
      ))}
    </ToggleGroup>
  );
}
