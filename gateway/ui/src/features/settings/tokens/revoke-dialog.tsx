import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";

import { InlineFailure } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useReadTokens } from "@/features/settings/tokens/use-tokens";
import { useRevokeToken } from "@/generated/api";
import type { TokenView } from "@/generated/api.schemas";

/** A token is revoked only when one has read what that means: it cannot be taken back. */
export function RevokeDialog({ token, onClose }: { token: TokenView; onClose: () => void }) {
  const read = useReadTokens();
  const revoke = useRevokeToken({
    mutation: {
      onSuccess: async () => {
        await read();
        onClose();
      },
    },
  });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="revoke-title" aria-describedby="revoke-body">
      <ModalHeader title={`Revoke ${token.name}?`} labelId="revoke-title" titleIconVariant="warning" />
      <ModalBody id="revoke-body">
        <div className="words-apart">
          <p>
            Whatever uses it is refused within five seconds. It cannot be made good again: what still needs one gets a new
            token.
          </p>
          <p>
            {token.last_used_at ? (
              <>
                It was last used <Ago at={token.last_used_at} />.
              </>
            ) : (
              "It has never been used."
            )}
          </p>
          {revoke.error ? <InlineFailure error={revoke.error} what="Not revoked" /> : null}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button
          variant="danger"
          isLoading={revoke.isPending}
          isDisabled={revoke.isPending}
          onClick={() => revoke.mutate({ tokenId: token.id })}
        >
          Revoke the token
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
