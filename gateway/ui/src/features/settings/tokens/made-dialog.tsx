import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";

import { Snippet } from "@/components/snippet";
import { Role, type TokenMade } from "@/generated/api.schemas";

/** The secret of a new token, once; it is closed by its button alone, as there is no way back. */
export function MadeDialog({ made, onClose }: { made: TokenMade; onClose: () => void }) {
  return (
    <Modal isOpen variant="small" aria-labelledby="made-title">
      <ModalHeader title={`Token ${made.name}`} labelId="made-title" />
      <ModalBody>
        <div className="words-apart">
          <Alert isInline component="p" variant="warning" title="Copy it now: it is shown here once and nowhere again" />
          <Snippet isCommand label="The token" text={made.token} />
          <Usage role={made.role} />
        </div>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>I have it</Button>
      </ModalFooter>
    </Modal>
  );
}

function Usage({ role }: { role: Role }) {
  if (role === Role.ingest) {
    return (
      <p>
        For an Alertmanager, write it to a file and name that file in its <code>alertmanager.yml</code>, under{" "}
        <code>http_config.authorization.credentials_file</code>. A cluster&apos;s page shows the whole configuration under
        Endpoints.
      </p>
    );
  }
  return (
    <>
      <p>It goes with every request, never into an address:</p>
      <Snippet
        isCommand
        label="How to use it"
        text={`curl -H "Authorization: Bearer $TOKEN" ${location.origin}/api/v1/alerts`}
      />
    </>
  );
}
