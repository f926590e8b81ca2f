import {
  Button,
  Dropdown,
  DropdownItem,
  DropdownList,
  Form,
  FormGroup,
  MenuToggle,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import { EllipsisVIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { useLibrary } from "@/features/observability/metrics/library/store";
import type { MetricsSearch } from "@/features/observability/search";
import { useSetSearch } from "@/lib/place";

interface PanelMenuProps {
  label: string;
  query: string;
  onRemove: (() => void) | undefined;
}

/** What else can be done with a query: keep it by a name, take it away. */
export function PanelMenu({ label, query, onRemove }: PanelMenuProps) {
  const [open, setOpen] = useState(false);
  const [saving, setSaving] = useState(false);
  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: "end" }}
        toggle={(ref) => (
          <MenuToggle
            ref={ref}
            variant="plain"
            icon={<EllipsisVIcon />}
            aria-label={`More for ${label}`}
            isExpanded={open}
            onClick={() => setOpen(!open)}
          />
        )}
      >
        <DropdownList>
          <DropdownItem isDisabled={query === ""} onClick={() => setSaving(true)}>
            Save by a name…
          </DropdownItem>
          <DropdownItem isDisabled={onRemove === undefined} onClick={onRemove}>
            Remove this query
          </DropdownItem>
        </DropdownList>
      </Dropdown>
      {saving ? <SaveQuery query={query} onClose={() => setSaving(false)} /> : null}
    </>
  );
}

function SaveQuery({ query, onClose }: { query: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const { saved, save } = useLibrary();
  const setSearch = useSetSearch<MetricsSearch>();
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
          <code className="metrics-code">{query}</code>
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
