import { DropdownItem, DropdownList, Divider } from "@patternfly/react-core";
import { UserIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { useOverlay } from "@/app/shell/overlay";
import { useStanding } from "@/components/standing";
import { capitalised } from "@/lib/format";
import { useLogOut } from "@/lib/log-out";
import { useGo } from "@/lib/place";
import { useRights } from "@/lib/rights";

/** Who is logged in, and what concerns them alone. */
export function PersonMenu() {
  const go = useGo();
  const show = useOverlay((overlay) => overlay.show);
  const { me } = useRights();
  const standing = useStanding(me);
  const leaving = useLogOut();
  return (
    <ActionMenu label={`Logged in as ${me?.user ?? "…"}`} icon={<UserIcon />}>
      <DropdownList>
        <DropdownItem isDisabled description={standing === undefined ? undefined : capitalised(standing)}>
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
          onClick={() => leaving.mutate("here")}
        >
          Log out
        </DropdownItem>
        <DropdownItem
          description={`Every session of ${me?.user ?? "yours"}, in all browsers`}
          onClick={() => leaving.mutate("everywhere")}
        >
          Log out everywhere
        </DropdownItem>
      </DropdownList>
    </ActionMenu>
  );
}
