import { DropdownItem, DropdownList } from "@patternfly/react-core";

import { ActionMenu } from "@/components/action-menu";
import { useMayChange } from "@/features/incidents/detail/change";
import type { Commented } from "@/features/incidents/detail/comment-dialog";
import { GuardedButton } from "@/features/incidents/detail/guarded-button";
import type { IncidentDetail } from "@/generated/api.schemas";

export type Asking = Commented | "merge" | "split";

interface ActionsProps {
  incident: IncidentDetail;
  /** Something is on its way. */
  isPending: boolean;
  onAsk: (what: Asking) => void;
}

/** What may be done about it, by whoever is here and as it is now. */
export function Actions({ incident, isPending, onAsk }: ActionsProps) {
  const { may, notNow } = useMayChange(incident);
  if (!may) return null;
  const { state, signals } = incident;
  const whyNot = notNow ?? (isPending ? "The last change is on its way" : undefined);
  const item = { isAriaDisabled: whyNot !== undefined, ...(whyNot ? { tooltipProps: { content: whyNot } } : {}) };
  return (
    <>
      {state === "RESOLVED" ? (
        <GuardedButton variant="secondary" whyNot={whyNot} onClick={() => onAsk("reopen")}>
          Reopen
        </GuardedButton>
      ) : (
        <>
          {state === "OPEN" ? (
            <GuardedButton variant="primary" whyNot={whyNot} onClick={() => onAsk("acknowledge")}>
              Acknowledge
            </GuardedButton>
          ) : null}
          <GuardedButton variant="secondary" whyNot={whyNot} onClick={() => onAsk("resolve")}>
            Resolve
          </GuardedButton>
        </>
      )}
      <ActionMenu label="More actions">
        <DropdownList>
          <DropdownItem {...item} description="Two turned out to be one" onClick={() => onAsk("merge")}>
            Merge another one into it
          </DropdownItem>
          {signals > 1 ? (
            <DropdownItem {...item} description="Some signals are another matter" onClick={() => onAsk("split")}>
              Split
            </DropdownItem>
          ) : null}
        </DropdownList>
      </ActionMenu>
    </>
  );
}
