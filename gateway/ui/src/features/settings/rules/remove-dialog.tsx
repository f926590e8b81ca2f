import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";

import { InlineFailure } from "@/components/states";
import { Rehearsal } from "@/features/settings/rules/rehearsal";
import { useReadRules } from "@/features/settings/rules/use-rules";
import { useRemoveCorrelationRule } from "@/generated/api";
import type { CorrelationRuleView } from "@/generated/api.schemas";

/** A rule goes when one has read what that changes. */
export function RemoveDialog({ rule, onClose }: { rule: CorrelationRuleView; onClose: () => void }) {
  const read = useReadRules();
  const remove = useRemoveCorrelationRule({
    mutation: {
      onSuccess: async () => {
        await read();
        onClose();
      },
    },
  });
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="remove-title" aria-describedby="remove-body">
      <ModalHeader title={`Remove ${rule.id}?`} labelId="remove-title" titleIconVariant="warning" />
      <ModalBody id="remove-body">
        <div className="words-apart">
          <p>It counts no more for what comes. Incidents stay as they are.</p>
          <Rehearsal question={{ without: rule.id }} then="Without this rule" />
          {remove.error ? <InlineFailure error={remove.error} what="Not removed" /> : null}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={remove.isPending} isDisabled={remove.isPending} onClick={() => remove.mutate({ ruleId: rule.id })}>
          Remove the rule
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
