import { Dropdown, MenuToggle } from "@patternfly/react-core";
import { EllipsisVIcon } from "@patternfly/react-icons";
import { useState, type ReactElement, type ReactNode } from "react";

interface ActionMenuProps {
  /** What it is, where an icon alone shows it. */
  label?: string;
  /** By default three dots; none beside `button`. */
  icon?: ReactElement;
  /** What stands beside the icon. */
  text?: ReactNode;
  /** What a whole button says. */
  button?: string;
  children: ReactNode;
}

/** A small menu of actions; it closes when one is chosen. */
export function ActionMenu({ label, icon = <EllipsisVIcon />, text, button, children }: ActionMenuProps) {
  const [open, setOpen] = useState(false);
  const look = button === undefined ? { variant: text === undefined ? "plain" : "plainText", icon } as const : {};
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: "end" }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          {...look}
          aria-label={label}
          isExpanded={open}
          onClick={() => setOpen(!open)}
        >
          {button ?? text}
        </MenuToggle>
      )}
    >
      {children}
    </Dropdown>
  );
}
