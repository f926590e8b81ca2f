import { DropdownItem, DropdownList } from "@patternfly/react-core";
import { useState } from "react";

import { ActionMenu } from "@/components/action-menu";
import { SaveQuery } from "@/features/observability/library/save-query";

interface PanelMenuProps {
  label: string;
  query: string;
  onRemove: (() => void) | undefined;
}

/** What else can be done with a query: keep it by a name, take it away. */
export function PanelMenu({ label, query, onRemove }: PanelMenuProps) {
  const [saving, setSaving] = useState(false);
  return (
    <>
      <ActionMenu label={`More for ${label}`}>
        <DropdownList>
          <DropdownItem isDisabled={query === ""} onClick={() => setSaving(true)}>
            Save by a name…
          </DropdownItem>
          <DropdownItem isDisabled={onRemove === undefined} onClick={onRemove}>
            Remove this query
          </DropdownItem>
        </DropdownList>
      </ActionMenu>
      {saving ? <SaveQuery language="promql" query={query} onClose={() => setSaving(false)} /> : null}
    </>
  );
}
