import { DropdownItem, DropdownList } from "@patternfly/react-core";

import { ActionMenu } from "@/components/action-menu";
import { useMayChange } from "@/features/incidents/detail/change";
import type { Commented } from "@/features/incidents/detail/comment-dialog";
import { GuardedButton } from "@/features/incidents/detail/guarded-button";
import type { IncidentDetail } from "@/generated/api.schemas";
import { usePageActions, type PageAction } from "@/lib/page-actions";

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
  const { state, signals } = incident;
  const whyNot = notNow ?? (isPending ? "The last change is on its way" : undefined);
  usePageActions(may && whyNot === undefined ? offered(state, onAsk) : []);
  if (!may) return null;
  const item = { isAriaDisabled: whyNot !== undefined, ...(whyNot ? { tooltipProps: { content: whyNot } } : {}) };
  return (
    <>
      {state === "RESOLVED" ? (
        <GuardedButton variant="secondary" aria-keyshortcuts="r" whyNot={whyNot} onClick={() => onAsk("reopen")}>
          Reopen
        </GuardedButton>
      ) : (
        <>
          {state === "OPEN" ? (
            <GuardedButton variant="primary" aria-keyshortcuts="e" whyNot={whyNot} onClick={() => onAsk("acknowledge")}>
              Acknowledge
            </GuardedButton>
          ) : null}
          <GuardedButton variant="secondary" aria-keyshortcuts="r" whyNot={whyNot} onClick={() => onAsk("resolve")}>
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

/** The same for keys and the palette. */
function offered(state: IncidentDetail["state"], onAsk: ActionsProps["onAsk"]): PageAction[] {
  const words = ["incident"];
  if (state === "RESOLVED") return [{ name: "resolve", title: "Reopen this incident", words, run: () => onAsk("reopen") }];
  const resolve: PageAction = { name: "resolve", title: "Resolve this incident", words, run: () => onAsk("resolve") };
  if (state !== "OPEN") return [resolve];
  return [{ name: "acknowledge", title: "Acknowledge this incident", words: [...words, "take"], run: () => onAsk("acknowledge") }, resolve];
}
