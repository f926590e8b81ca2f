import { Button, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { PlusCircleIcon, TimesIcon } from "@patternfly/react-icons";

import { OPERATORS, selectorOf, type Filter, type Operator } from "@/features/observability/metrics/builder/build";
import { Combo, type Option } from "@/features/observability/metrics/builder/combo";
import { useLabelValues } from "@/features/observability/metrics/builder/use-names";

const SAID: Readonly<Record<Operator, string>> = {
  "=": "is",
  "!=": "is not",
  "=~": "matches",
  "!~": "matches not",
};

interface FiltersProps {
  clusters: readonly string[];
  metric: string;
  labels: readonly Option[];
  filters: readonly Filter[];
  onChange: (filters: Filter[]) => void;
}

/** Labels that series must have, or must not. */
export function Filters({ clusters, metric, labels, filters, onChange }: FiltersProps) {
  return (
    <>
      {filters.map((filter, index) => (
        <FilterRow
          key={index}
          clusters={clusters}
          metric={metric}
          others={filters.filter((each) => each !== filter)}
          labels={labels}
          filter={filter}
          onChange={(changed) => onChange(filters.with(index, changed))}
          onRemove={() => onChange(filters.toSpliced(index, 1))}
        />
      ))}
      <Button
        variant="link"
        isInline
        icon={<PlusCircleIcon />}
        onClick={() => onChange([...filters, { label: "", operator: "=", value: "" }])}
      >
        Add a label
      </Button>
    </>
  );
}

interface FilterRowProps {
  clusters: readonly string[];
  metric: string;
  others: readonly Filter[];
  labels: readonly Option[];
  filter: Filter;
  onChange: (filter: Filter) => void;
  onRemove: () => void;
}

function FilterRow({ clusters, metric, others, labels, filter, onChange, onRemove }: FilterRowProps) {
  // Values that there are beside what the other filters leave.
  const match = metric === "" ? undefined : selectorOf({ metric, filters: others });
  const values = useLabelValues(clusters, filter.label, match);
  return (
    <span className="builder-filter">
      <Combo
        label="Label"
        placeholder="label"
        value={filter.label}
        options={labels}
        onChange={(label) => onChange({ ...filter, label, value: label === filter.label ? filter.value : "" })}
      />
      <FormSelect
        aria-label="How the label is compared"
        value={filter.operator}
        onChange={(_, operator) => onChange({ ...filter, operator: operator as Operator })}
      >
        {OPERATORS.map((each) => (
          <FormSelectOption key={each} value={each} label={SAID[each]} />
        ))}
      </FormSelect>
      <Combo
        label="Value"
        placeholder={filter.operator.endsWith("~") ? "a regular expression" : "value"}
        value={filter.value}
        options={values.options}
        isReading={values.isReading}
        onChange={(value) => onChange({ ...filter, value })}
      />
      <Button
        variant="plain"
        size="sm"
        icon={<TimesIcon />}
        aria-label={filter.label === "" ? "Remove this label" : `Remove ${filter.label}`}
        onClick={onRemove}
      />
    </span>
  );
}
