import { MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { useState } from "react";
import type { ChatModel } from "@/generated/api.schemas";


/** Those there are, in their order. */
export const IN_ORDER = "";

interface ModelPickerProps {
  models: readonly ChatModel[];
  /** The name of one, or `IN_ORDER`. */
  chosen: string;
  onChange: (name: string) => void;
}

/** The only one in the settings has this name. */
const UNNAMED = "default";
const named = ({ name, model }: ChatModel) => (name === model || name === UNNAMED ? model : `${model} (${name})`);

/** Which model is asked; where there is none, that is said. */
export function ModelPicker({ models, chosen, onChange }: ModelPickerProps) {
  const [open, setOpen] = useState(false);
  if (models.length === 0) return <NoModel />;
  const label = modelInWords(models, chosen);
  return (
    <Select
      isOpen={open}
      onOpenChange={setOpen}
      selected={chosen}
      onSelect={(_, value) => {
        onChange(String(value));
        setOpen(false);
      }}
      toggle={(ref) => (
        <MenuToggle ref={ref} className="chat-picker" isExpanded={open} aria-label={`Model: ${label}`} onClick={() => setOpen(!open)}>
          <span className="cut" title={label}>
            {label}
          </span>
        </MenuToggle>
      )}
    >
      <SelectList>
        <SelectOption value={IN_ORDER} description={models.length > 1 ? `In order: ${models.map(({ name }) => name).join(", then ")}` : "The one that there is"}>
          Any model
        </SelectOption>
        {models.map((each) => (
          <SelectOption key={each.name} value={each.name} description="Only this one; if it fails, fixed rules answer">
            {named(each)}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}

export function NoModel() {
  return (
    <span className="chat-no-model cut" title="No model is configured: answers are put together from what the tools tell">
      Fixed rules, no model
    </span>
  );
}

export function modelInWords(models: readonly ChatModel[], name: string): string {
  const mine = models.find((each) => each.name === name);
  if (mine !== undefined) return named(mine);
  return name === IN_ORDER ? (models.length === 1 ? named(models[0]!) : "Any model") : name;
}
