import { Button, Modal, ModalBody, ModalFooter, ModalHeader, Form, FormGroup } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { InlineFailure } from "@/components/states";
import { IN_ORDER, ModelPicker } from "@/features/chat/head/model-picker";
import { PersonaPicker } from "@/features/chat/head/persona-picker";
import { begun } from "@/features/chat/shared/begun";
import { show, useModels, usePersonas } from "@/features/chat/shared/use-chats";
import { rerunChat } from "@/generated/api";
import type { ChatMessageView } from "@/generated/api.schemas";

interface AgainDialogProps {
  session: string;
  answer: ChatMessageView;
  onClose: () => void;
  onBegun: (session: string) => void;
}

/** The same question of another model or persona; what the tools told then is told again. */
export function AgainDialog({ session, answer, onClose, onBegun }: AgainDialogProps) {
  const client = useQueryClient();
  const personas = usePersonas() ?? [];
  const models = useModels() ?? [];
  const [persona, setPersona] = useState(answer.persona_id);
  const [model, setModel] = useState(IN_ORDER);
  const again = useMutation({
    mutationFn: async () => begun(await rerunChat(session, { message_id: answer.turn_id, persona_id: persona, provider: model === IN_ORDER ? null : model })),
    onSuccess: (made) => {
      show(client, made);
      onBegun(made.id);
    },
  });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="again-title" aria-describedby="again-body">
      <ModalHeader title="Ask again and compare" labelId="again-title" />
      <ModalBody id="again-body">
        <div className="chat-apart">
          <p>The question is asked again in a chat of its own, and both answers stand side by side. Tools tell what they told then: what differs is whoever answers.</p>
          <Form isHorizontal>
            <FormGroup label="Persona" role="group">
              <PersonaPicker personas={personas} chosen={persona} onChange={setPersona} />
            </FormGroup>
            <FormGroup label="Model" role="group">
              <ModelPicker models={models} chosen={model} onChange={setModel} />
            </FormGroup>
          </Form>
          {again.error ? <InlineFailure error={again.error} what="Not asked" /> : null}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button isLoading={again.isPending} isDisabled={again.isPending} onClick={() => again.mutate()}>
          Ask again
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
