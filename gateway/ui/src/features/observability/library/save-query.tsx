import "@/features/observability/library/library.css";

import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from "@patternfly/react-core";
import { useState } from "react";

import type { QueryLanguage } from "@/components/query-editor/query-editor";
import { useLibrary } from "@/features/observability/library/store";
import type { AskedSearch } from "@/features/observability/search";
import { useSetSearch } from "@/lib/place";

interface SaveQueryProps {
  language: QueryLanguage;
  query: string;
  onClose: () => void;
}

/** Keeps a query by a name, and shows it among those that are kept. */
export function SaveQuery({ language, query, onClose }: SaveQueryProps) {
  const [name, setName] = useState("");
  const { saved, save } = useLibrary(language);
  const setSearch = useSetSearch<AskedSearch>();
  const taken = saved.some((each) => each.name === name.trim());
  const keep = () => {
    save(name.trim(), query);
    setSearch({ library: "saved" }, { replace: true });
    onClose();
  };
  return (
    <Modal isOpen variant="small" aria-labelledby="save-query" elementToFocus="#save-query-name" onClose={onClose}>
      <ModalHeader title="Save this query" labelId="save-query" description="It is kept in this browser." />
      <ModalBody>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== "") keep();
          }}
        >
          <code className="library-code">{query}</code>
          <FormGroup label="Name" fieldId="save-query-name" isRequired>
            <TextInput
              id="save-query-name"
              value={name}
              maxLength={80}
              isRequired
              onChange={(_, value) => setName(value)}
            />
          </FormGroup>
          <p className="hint" aria-live="polite">
            {taken ? "There is one of that name: it will be replaced." : ""}
          </p>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button isDisabled={name.trim() === ""} onClick={keep}>
          Save
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
