import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextArea } from "@patternfly/react-core";
import { useId, useState } from "react";

import type { IncidentDetail } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

export type Commented = "acknowledge" | "resolve" | "reopen";

const WORDS: Readonly<Record<Commented, readonly [title: string, button: string, hint: string]>> = {
  acknowledge: ["Acknowledge this incident?", "Acknowledge", "Others see that you work on it. It stays open."],
  resolve: ["Resolve this incident?", "Resolve", "It is over, whatever its signals say. What comes anew opens it again."],
  reopen: ["Reopen this incident?", "Reopen", "It is not over. Nobody works on it then until somebody acknowledges it."],
};

interface CommentDialogProps {
  what: Commented;
  incident: IncidentDetail;
  onDo: (comment: string) => void;
  onClose: () => void;
}

/** What somebody has to say to what they do; they need not say anything. */
export function CommentDialog({ what, incident, onDo, onClose }: CommentDialogProps) {
  const id = useId();
  const [comment, setComment] = useState("");
  const [title, button, hint] = WORDS[what];
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} labelId={`${id}-title`} />
      <ModalBody>
        <Form
          id={`${id}-form`}
          onSubmit={(event) => {
            event.preventDefault();
            onDo(comment.trim());
          }}
        >
          <p>
            {hint}
            {what === "resolve" && incident.lasting > 0 ? (
              <strong>
                {" "}
                {plural(incident.lasting, "signal")} of it still {incident.lasting === 1 ? "lasts" : "last"}.
              </strong>
            ) : null}
          </p>
          <CommentField id={`${id}-comment`} value={comment} onChange={setComment} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={`${id}-form`} variant="primary">
          {button}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

interface CommentFieldProps {
  id: string;
  value: string;
  onChange: (value: string) => void;
}

/** It becomes the reason in the timeline. */
export function CommentField({ id, value, onChange }: CommentFieldProps) {
  return (
    <FormGroup label="Why" fieldId={id}>
      <TextArea
        id={id}
        rows={2}
        resizeOrientation="vertical"
        maxLength={1000}
        placeholder="Others read it in the timeline: what you found, a ticket"
        value={value}
        onChange={(_, text) => onChange(text)}
      />
    </FormGroup>
  );
}
