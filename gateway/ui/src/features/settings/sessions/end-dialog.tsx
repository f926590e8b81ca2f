import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { InlineFailure } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { placeOf } from "@/features/settings/sessions/session-row";
import { useEndOthers, useEndSession } from "@/features/settings/sessions/use-sessions";
import type { SessionView } from "@/generated/api.schemas";
import { useRights } from "@/lib/rights";

/** Somebody is sent out of a browser that may be somebody else's: only when one has read what that means. */
export function EndDialog({ session, onClose }: { session: SessionView; onClose: () => void }) {
  const ending = useEndSession(onClose);
  return (
    <Confirmed
      title={`End the login of ${session.user}?`}
      action="End the login"
      error={ending.error}
      isEnding={ending.isPending}
      onEnd={() => ending.mutate(session.id)}
      onClose={onClose}
    >
      <p>
        The browser at {placeOf(session)} is logged out within five seconds, and what was not saved there is lost. Whoever
        uses it may log in again.
      </p>
      {session.last_used_at ? (
        <p>
          It was last used <Ago at={session.last_used_at} />.
        </p>
      ) : null}
    </Confirmed>
  );
}

/** The same for all of one's own but this one. */
export function EndOthersDialog({ onClose }: { onClose: () => void }) {
  const { me } = useRights();
  const ending = useEndOthers(onClose);
  return (
    <Confirmed
      title="End all other logins?"
      action="End all others"
      error={ending.error}
      isEnding={ending.isPending}
      onEnd={() => ending.mutate()}
      onClose={onClose}
    >
      <p>
        Every other browser in which {me?.user} is logged in is logged out within five seconds. This one stays, and so do
        API tokens.
      </p>
    </Confirmed>
  );
}

interface ConfirmedProps {
  title: string;
  /** What the button says. */
  action: string;
  error: Error | null;
  isEnding: boolean;
  onEnd: () => void;
  onClose: () => void;
  children: ReactNode;
}

function Confirmed({ title, action, error, isEnding, onEnd, onClose, children }: ConfirmedProps) {
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="end-title" aria-describedby="end-body">
      <ModalHeader title={title} labelId="end-title" titleIconVariant="warning" />
      <ModalBody id="end-body">
        <div className="words-apart">
          {children}
          {error ? <InlineFailure error={error} what="Not ended" /> : null}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={isEnding} isDisabled={isEnding} onClick={onEnd}>
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
