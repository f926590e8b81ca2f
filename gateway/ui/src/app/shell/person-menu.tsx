import { DropdownItem, DropdownList, Divider } from "@patternfly/react-core";
import { UserIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { useOverlay } from "@/app/shell/overlay";
import { useLogOut } from "@/app/shell/use-log-out";
import { useClusterNames } from "@/components/not-yours";
import type { Whoami } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { useGo } from "@/lib/place";
import { reachOf, useRights } from "@/lib/rights";

/** Who is logged in, and what concerns them alone. */
export function PersonMenu() {
  const go = useGo();
  const show = useOverlay((overlay) => overlay.show);
  const { me } = useRights();
  const names = useClusterNames(me?.clusters ?? []);
  const leaving = useLogOut();
  return (
    <ActionMenu label={`Logged in as ${me?.user ?? "…"}`} icon={<UserIcon />}>
      <DropdownList>
        <DropdownItem isDisabled description={me ? standing(me, names) : undefined}>
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

/** `Operator of hub-1, edge-2`. */
function standing(me: Whoami, names: string): string {
  if (me.role === null) return "Without a role: you may see nothing";
  return `${title(me.role)} of ${reachOf(me, names)}`;
}
