import { Button, Label } from "@patternfly/react-core";

import { useClusters } from "@/components/use-clusters";
import { title } from "@/lib/format";

import type { EventFilter } from "@/features/events/search";

interface ActiveFiltersProps {
  filter: EventFilter;
  onChange: (changed: Partial<EventFilter>) => void;
}

export const NO_FILTER: Readonly<Record<keyof EventFilter, undefined>> = {
  event_type: undefined,
  cluster_id: undefined,
  entity_type: undefined,
  entity_id: undefined,
  correlation_id: undefined,
};

/** Filters that no control of the toolbar shows, each to be taken away, and all at once. */
export function ActiveFilters({ filter, onChange }: ActiveFiltersProps) {
  const clusters = useClusters();
  const { entity_type, entity_id, correlation_id } = filter;
  if (Object.values(filter).every((value) => value === undefined)) return null;
  const entity = [entity_type && title(entity_type), clusters.get(entity_id ?? "")?.name ?? entity_id].filter(Boolean).join(" ");
  return (
    <div className="toolbar events-active">
      {entity ? (
        <Label
          closeBtnAriaLabel={`Take away: entity ${entity}`}
          onClose={() => onChange({ entity_type: undefined, entity_id: undefined })}
        >
          Entity: {entity}
        </Label>
      ) : null}
      {correlation_id ? (
        <Label
          closeBtnAriaLabel={`Take away: correlation ${correlation_id}`}
          onClose={() => onChange({ correlation_id: undefined })}
        >
          Correlation: {correlation_id}
        </Label>
      ) : null}
      <Button variant="link" isInline onClick={() => onChange(NO_FILTER)}>
        Clear all filters
      </Button>
    </div>
  );
}
