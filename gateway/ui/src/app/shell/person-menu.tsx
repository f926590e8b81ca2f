import { DropdownItem, DropdownList, Divider } from "@patternfly/react-core";
import { UserIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { useOverlay } from "@/app/shell/overlay";
import { useStanding } from "@/components/standing";
import { capitalised } from "@/lib/format";
import { useLogOut } from "@/lib/log-out";
import { useGo } from "@/lib/place";
import { useRights } from "@/lib/rights";
import { useIsOpenToAll } from "@/lib/ways";

const NOBODY = "Nobody logs in here";

/** Who is logged in, and what concerns them alone; where nobody has to log in, that. */
export function PersonMenu() {
  const go = useGo();
  const show = useOverlay((overlay) => overlay.show);
  const { me } = useRights();
  const standing = useStanding(me);
  const leaving = useLogOut();
  const isOpen = useIsOpenToAll();
  return (
    <ActionMenu
      label={isOpen ? NOBODY : `Logged in as ${me?.user ?? "…"}`}
      text={isOpen ? <span className="header-nobody">{NOBODY}</span> : undefined}
      icon={<UserIcon />}
    >
      <DropdownList>
        <DropdownItem isDisabled description={standing === undefined ? undefined : capitalised(standing)}>
          {isOpen ? "Anybody" : me?.user}
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
        {isOpen ? null : (
          <>
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
          </>
        )}
      </DropdownList>
    </ActionMenu>
  );
}
