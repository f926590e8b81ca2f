import {
  Badge,
  Button,
  Menu,
  MenuContainer,
  MenuContent,
  MenuFooter,
  MenuGroup,
  MenuItem,
  MenuList,
  MenuToggle,
} from "@patternfly/react-core";
import { useRef, useState } from "react";

import type { EventName } from "@/generated/api.schemas";

import { GROUPS, saidOf } from "@/features/events/names";

interface TypeFilterProps {
  /** Empty: all. */
  chosen: readonly EventName[];
  onChange: (chosen: EventName[]) => void;
  /** What can be chosen; without it: all. */
  groups?: typeof GROUPS;
}

/** Which types of events are meant, one by one or a group at once. */
export function TypeFilter({ chosen, onChange, groups = GROUPS }: TypeFilterProps) {
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const ofGroup = (title: string) => groups.find(([name]) => name === title)?.[1] ?? [];
  const flip = (item: string) => {
    const names: readonly EventName[] = item.startsWith("all ") ? ofGroup(item.slice(4)) : [item as EventName];
    const all = names.every((name) => chosen.includes(name));
    const others = chosen.filter((name) => !names.includes(name));
    onChange(all ? others : [...others, ...names]);
  };
  return (
    <MenuContainer
      isOpen={open}
      onOpenChange={setOpen}
      menuRef={menu}
      toggleRef={toggle}
      popperProps={{ appendTo: "inline" }}
      toggle={
        <MenuToggle
          ref={toggle}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          badge={chosen.length > 1 ? <Badge isRead>{chosen.length}</Badge> : undefined}
        >
          {chosen.length === 0 ? "All types" : chosen.length === 1 ? saidOf(chosen[0]!) : "Types"}
        </MenuToggle>
      }
      menu={
        <Menu ref={menu} isScrollable onSelect={(_, item) => flip(String(item))}>
          <MenuContent maxMenuHeight="24rem">
            {groups.map(([title, names]) => (
              <MenuGroup key={title} label={title} labelHeadingLevel="h2">
                <MenuList aria-label={title}>
                  {names.length > 1 ? (
                    <MenuItem
                      itemId={`all ${title}`}
                      hasCheckbox
                      isSelected={names.every((name) => chosen.includes(name))}
                    >
                      All of these
                    </MenuItem>
                  ) : null}
                  {names.map((name) => (
                    <MenuItem key={name} itemId={name} hasCheckbox isSelected={chosen.includes(name)}>
                      {saidOf(name)}
                    </MenuItem>
                  ))}
                </MenuList>
              </MenuGroup>
            ))}
          </MenuContent>
          <MenuFooter>
            <Button variant="link" isInline isDisabled={chosen.length === 0} onClick={() => onChange([])}>
              All types
            </Button>
          </MenuFooter>
        </Menu>
      }
    />
  );
}
