import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";

import { InlineFailure } from "@/components/states";
import { useReadWatches } from "@/features/anomalies/watches/use-watches";
import { useRemoveWatch } from "@/generated/api";
import type { WatchView } from "@/generated/api.schemas";

interface RemoveDialogProps {
  watch: WatchView;
  onDone: () => void;
  onClose: () => void;
}

/** A watch goes when one has read what that changes. */
export function RemoveDialog({ watch, onDone, onClose }: RemoveDialogProps) {
  const read = useReadWatches();
  const remove = useRemoveWatch({
    mutation: {
      onSuccess: async () => {
        await read();
        onDone();
      },
    },
  });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="remove-title" aria-describedby="remove-body">
      <ModalHeader title={`Remove ${watch.title}?`} labelId="remove-title" titleIconVariant="warning" />
      <ModalBody id="remove-body">
        <p>It is asked no more, and what was learnt of its series is forgotten after two days. Anomalies that were told stay.</p>
        {remove.error ? <InlineFailure error={remove.error} what="Not removed" /> : null}
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={remove.isPending} isDisabled={remove.isPending} onClick={() => remove.mutate({ watchId: watch.id })}>
          Remove the watch
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
