import { Button, Checkbox, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from "@patternfly/react-core";
import { useState } from "react";

import { ViewWords } from "@/components/views/view-words";
import type { Path } from "@/lib/place";
import { LONGEST_NAME, MOST_VIEWS, titleOf, useViews, whyNotKept } from "@/lib/views";

interface SaveViewProps {
  path: Path;
  search: string;
  onClose: () => void;
}

/** Keeps the page as it is now by a name. */
export default function SaveView({ path, search, onClose }: SaveViewProps) {
  const [name, setName] = useState("");
  const [isDefault, setDefault] = useState(false);
  const { views, save } = useViews();
  const called = name.trim();
  const taken = views.some((view) => view.path === path && view.name === called);
  const full = !taken && views.length >= MOST_VIEWS ? `There are ${MOST_VIEWS} views already: delete one first.` : undefined;
  const whyNot = whyNotKept(search) ?? full;
  const keep = () => {
    if (called !== "" && whyNot === undefined && save({ name: called, path, search, isDefault })) onClose();
  };
  return (
    <Modal isOpen variant="small" aria-labelledby="save-view" elementToFocus="#save-view-name" onClose={onClose}>
      <ModalHeader
        title="Save this view"
        labelId="save-view"
        description={`${titleOf(path)} with its filters. It stays in this browser: share it by its link, or as a file.`}
      />
      <ModalBody>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            keep();
          }}
        >
          <ViewWords search={search} />
          <FormGroup label="Name" fieldId="save-view-name" isRequired>
            <TextInput id="save-view-name" value={name} maxLength={LONGEST_NAME} isRequired onChange={(_, value) => setName(value)} />
          </FormGroup>
          <Checkbox
            id="save-view-default"
            label={`Open ${titleOf(path)} with it`}
            description="Where a link or the navigation says nothing else."
            isChecked={isDefault}
            onChange={(_, checked) => setDefault(checked)}
          />
          <p className="hint" aria-live="polite">
            {whyNot ?? (taken ? "There is one of that name: it will be replaced." : "")}
          </p>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button isDisabled={called === "" || whyNot !== undefined} onClick={keep}>
          Save
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
