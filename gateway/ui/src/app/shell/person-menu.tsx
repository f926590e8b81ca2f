import { DropdownItem, DropdownList, Divider } from "@patternfly/react-core";
import { UserIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { useOverlay } from "@/app/shell/overlay";
import { useLogOut } from "@/app/shell/use-log-out";
import { useWhoAmI } from "@/generated/api";
import { useGo } from "@/lib/place";

/** Who is logged in, and what concerns them alone. */
export function PersonMenu() {
  const go = useGo();
  const show = useOverlay((overlay) => overlay.show);
  const me = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } }).data;
  const leaving = useLogOut();
  return (
    <ActionMenu label={`Logged in as ${me?.user ?? "…"}`} icon={<UserIcon />}>
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
    </ActionMenu>
  );
}
