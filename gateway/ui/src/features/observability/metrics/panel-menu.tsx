import {
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
} from "@patternfly/react-core";
import { EllipsisVIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { SaveQuery } from "@/features/observability/library/save-query";

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
      {saving ? <SaveQuery language="promql" query={query} onClose={() => setSaving(false)} /> : null}
    </>
  );
}
