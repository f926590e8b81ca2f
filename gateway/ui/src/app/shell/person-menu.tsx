import { Dropdown, DropdownItem, DropdownList, Divider, MenuToggle } from "@patternfly/react-core";
import { UserIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { useOverlay } from "@/app/shell/overlay";
import { useLogOut } from "@/app/shell/use-log-out";
import { useWhoAmI } from "@/generated/api";
import { useGo } from "@/lib/place";

/** Who is logged in, and what concerns them alone. */
export function PersonMenu() {
  const [open, setOpen] = useState(false);
  const go = useGo();
  const show = useOverlay((overlay) => overlay.show);
  const me = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } }).data;
  const leaving = useLogOut();
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      popperProps={{ position: "end" }}
      onSelect={() => setOpen(false)}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          aria-label={`Logged in as ${me?.user ?? "…"}`}
          icon={<UserIcon />}
          isExpanded={open}
          onClick={() => setOpen(!open)}
        />
      )}
    >
      <DropdownList>
        <DropdownItem isDisabled description={me?.role}>
          {me?.user}
        </DropdownItem>
        <Divider component="li" />
        <DropdownItem onClick={() => go("/settings")}>Settings</DropdownItem>
        <DropdownItem onClick={() => show("shortcuts")}>Keyboard shortcuts</DropdownItem>
        <DropdownItem to="/docs" isExternalLink>
          REST API
        </DropdownItem>
        <DropdownItem to="/asyncapi" isExternalLink>
          Events and commands
        </DropdownItem>
        <Divider component="li" />
        <DropdownItem
          description={leaving.error ? "The last try has failed: you are still logged in" : undefined}
          onClick={() => leaving.mutate()}
        >
          Log out
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
