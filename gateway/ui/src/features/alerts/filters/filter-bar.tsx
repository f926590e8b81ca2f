import { Button } from "@patternfly/react-core";
import { FilterIcon } from "@patternfly/react-icons";

import { Choices } from "@/features/alerts/filters/choices";
import { Words } from "@/features/alerts/filters/words";

interface FilterBarProps {
  /** There is room for all of it; without, choices are behind the button. */
  wide: boolean;
  panelOpen: boolean;
  onPanel: () => void;
}

/** Words, choices, and the way to the panel with the counts. */
export function FilterBar({ wide, panelOpen, onPanel }: FilterBarProps) {
  return (
    <div className="toolbar alerts-bar">
      <Button
        variant="secondary"
        icon={<FilterIcon />}
        aria-expanded={panelOpen}
        aria-controls={wide && panelOpen ? "alerts-facets" : undefined}
        onClick={onPanel}
      >
        Filters
      </Button>
      <Words />
      {wide ? <Choices /> : null}
    </div>
  );
}
