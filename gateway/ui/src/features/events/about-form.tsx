import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextInput,
} from "@patternfly/react-core";
import { useState } from "react";

import { title } from "@/lib/format";
import { uuid } from "@/lib/search";

import { ENTITY_TYPES } from "@/features/events/event";
import type { EventFilter } from "@/features/events/search";

export interface AboutFilterProps {
  filter: EventFilter;
  onChange: (changed: Partial<EventFilter>) => void;
}

/** An entity, or all that one command or poll has led to, by its id. */
export function AboutForm({ filter, onChange }: AboutFilterProps) {
  const [type, setType] = useState(filter.entity_type ?? "");
  const [id, setId] = useState(filter.entity_id ?? "");
  const [correlation, setCorrelation] = useState(filter.correlation_id ?? "");
  const isWrong = correlation.trim() !== "" && uuid(correlation) === undefined;
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        if (isWrong) return;
        onChange({
          entity_type: type || undefined,
          entity_id: id.trim() || undefined,
          correlation_id: uuid(correlation),
        });
      }}
    >
      <FormGroup label="Entity type" fieldId="events-entity-type">
        <FormSelect id="events-entity-type" value={type} onChange={(_, value) => setType(value)}>
          <FormSelectOption value="" label="Any" />
          {[...new Set([...ENTITY_TYPES, ...(type ? [type] : [])])].map((each) => (
            <FormSelectOption key={each} value={each} label={title(each)} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label="Entity ID" fieldId="events-entity-id">
        <TextInput id="events-entity-id" value={id} onChange={(_, value) => setId(value)} />
        <FormHelperText>
          <HelperText>
            <HelperTextItem>A cluster's ID, an alert's fingerprint, a cluster's name</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <FormGroup label="Correlation ID" fieldId="events-correlation">
        <TextInput
          id="events-correlation"
          value={correlation}
          validated={isWrong ? "error" : "default"}
          aria-describedby="events-correlation-help"
          onChange={(_, value) => setCorrelation(value)}
        />
        <FormHelperText>
          <HelperText id="events-correlation-help">
            <HelperTextItem variant={isWrong ? "error" : "default"}>
              {isWrong ? "This is no UUID" : "All that one command or poll has led to"}
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <Button type="submit" isDisabled={isWrong}>
        Apply
      </Button>
    </Form>
  );
}
