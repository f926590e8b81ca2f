import { Menu, MenuContainer, MenuContent, MenuFooter, MenuItem, MenuList, MenuToggle } from "@patternfly/react-core";
import { useRef, useState } from "react";

import { toolTitle } from "@/features/chat/shared/words";
import type { PersonaView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

interface PersonaPickerProps {
  personas: readonly PersonaView[];
  chosen: string;
  onChange: (id: string) => void;
}

/** Whom it is asked of: what each is for, and on demand which tools it may use. */
export function PersonaPicker({ personas, chosen, onChange }: PersonaPickerProps) {
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const mine = personas.find(({ id }) => id === chosen);
  const label = mine?.name ?? chosen;
  return (
    <MenuContainer
      isOpen={open}
      onOpenChange={setOpen}
      menuRef={menu}
      toggleRef={toggle}
      toggle={
        <MenuToggle ref={toggle} className="chat-picker" isExpanded={open} aria-label={`Persona: ${label}`} onClick={() => setOpen(!open)}>
          <span className="cut" title={label}>
            {label}
          </span>
        </MenuToggle>
      }
      menu={
        <Menu
          ref={menu}
          isScrollable
          className="chat-personas"
          selected={chosen}
          onSelect={(_, id) => {
            onChange(String(id));
            setOpen(false);
            toggle.current?.focus();
          }}
        >
          <MenuContent>
            <MenuList aria-label="Personas">
              {personas.map(({ id, name, description, is_builtin }) => (
                <MenuItem key={id} itemId={id} description={description || (is_builtin ? undefined : "Made here")} isSelected={id === chosen}>
                  {name}
                </MenuItem>
              ))}
            </MenuList>
          </MenuContent>
          {mine ? (
            <MenuFooter>
              <Tools of={mine} />
            </MenuFooter>
          ) : null}
        </Menu>
      }
    />
  );
}

function Tools({ of: { name, capabilities } }: { of: PersonaView }) {
  return (
    <details className="chat-tools">
      <summary>
        {name}: {plural(capabilities.length, "tool")}, all of which only read
      </summary>
      <ul className="plain">
        {capabilities.map((tool) => (
          <li key={tool}>
            {toolTitle(tool)} <code className="quiet">{tool}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
