/** A form that writes PromQL, and shows what it writes. */

import { Button, FormSelect, FormSelectOption, Label, LabelGroup } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { buildPromql, EMPTY, HOW, PER, suited, type Spec } from "@/features/observability/metrics/builder/build";
import { Combo } from "@/features/observability/metrics/builder/combo";
import { Filters } from "@/features/observability/metrics/builder/filters";
import { useLabels, useMetricNames } from "@/features/observability/metrics/builder/use-names";

interface QueryBuilderProps {
  clusters: readonly string[];
  /** This text is wanted. */
  onUse: (query: string) => void;
}

const PER_SAID: Readonly<Record<Spec["per"], string>> = {
  value: "The value as it is",
  rate: "Growth per second (rate)",
  increase: "Growth in the window (increase)",
};
const HOW_SAID: Readonly<Record<Spec["how"], string>> = {
  each: "Each series by itself",
  sum: "Sum",
  avg: "Average",
  max: "Highest",
  min: "Lowest",
  count: "How many series",
  quantile: "Quantile over series",
  histogram: "Quantile of a histogram",
};
const WINDOWS = ["1m", "5m", "15m", "1h", "6h", "1d"];
const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];

export function QueryBuilder({ clusters, onUse }: QueryBuilderProps) {
  const [spec, setSpec] = useState<Spec>(EMPTY);
  const metrics = useMetricNames(clusters);
  const labels = useLabels(clusters, spec.metric);
  const chosen = metrics.options.find(({ value }) => value === spec.metric);
  const promql = buildPromql(spec);
  const put = (changed: Partial<Spec>) => setSpec((before) => ({ ...before, ...changed }));
  const inWindow = spec.how === "histogram" || spec.per !== "value";
  return (
    <div className="builder" role="group" aria-label="Query builder">
      <Part name="Metric" hint={chosen?.help}>
        <Combo
          label="Metric"
          placeholder="Find a metric by name or meaning"
          value={spec.metric}
          options={metrics.options}
          isReading={metrics.isReading}
          onChange={(metric) => {
            const type = metrics.options.find(({ value }) => value === metric)?.detail;
            put(suited(metric, type));
          }}
        />
      </Part>
      <Part name="Only where">
        <Filters
          clusters={clusters}
          metric={spec.metric}
          labels={labels.options}
          filters={spec.filters}
          onChange={(filters) => put({ filters })}
        />
      </Part>
      <Part name="What">
        {spec.how === "histogram" ? null : (
          <FormSelect
            aria-label="What of the metric"
            value={spec.per}
            onChange={(_, per) => put({ per: per as Spec["per"] })}
          >
            {PER.map((each) => (
              <FormSelectOption key={each} value={each} label={PER_SAID[each]} />
            ))}
          </FormSelect>
        )}
        {inWindow ? (
          <FormSelect aria-label="Window" value={spec.window} onChange={(_, window) => put({ window })}>
            {WINDOWS.map((each) => (
              <FormSelectOption key={each} value={each} label={`over ${each}`} />
            ))}
          </FormSelect>
        ) : null}
      </Part>
      <Part name="Together">
        <FormSelect
          aria-label="How series are put together"
          value={spec.how}
          onChange={(_, how) => put({ how: how as Spec["how"] })}
        >
          {HOW.map((each) => (
            <FormSelectOption key={each} value={each} label={HOW_SAID[each]} />
          ))}
        </FormSelect>
        {spec.how === "quantile" || spec.how === "histogram" ? (
          <FormSelect
            aria-label="Quantile"
            value={spec.quantile}
            onChange={(_, quantile) => put({ quantile: Number(quantile) })}
          >
            {QUANTILES.map((each) => (
              <FormSelectOption key={each} value={each} label={`${each * 100} %`} />
            ))}
          </FormSelect>
        ) : null}
        {spec.how === "each" ? null : (
          <>
            <Combo
              label="One for each value of a label"
              placeholder="by label…"
              value=""
              options={labels.options.filter(({ value }) => !spec.by.includes(value) && value !== "le")}
              isReading={labels.isReading}
              onChange={(label) => put({ by: [...new Set([...spec.by, label])] })}
            />
            {spec.by.length > 0 ? (
              <LabelGroup aria-label="One series for each of">
                {spec.by.map((label) => (
                  <Label key={label} onClose={() => put({ by: spec.by.filter((each) => each !== label) })}>
                    {label}
                  </Label>
                ))}
              </LabelGroup>
            ) : null}
          </>
        )}
      </Part>
      <div className="builder-end">
        <code className="metrics-code" aria-live="polite" aria-label="The query that is written">
          {promql === "" ? "Choose a metric first" : promql}
        </code>
        <Button isDisabled={promql === ""} onClick={() => onUse(promql)}>
          Use and run
        </Button>
      </div>
    </div>
  );
}

function Part({ name, hint, children }: { name: string; hint?: string | undefined; children: ReactNode }) {
  return (
    <div className="builder-part">
      <span className="builder-name" aria-hidden="true">
        {name}
      </span>
      <div className="builder-fields">{children}</div>
      {hint ? <p className="hint builder-hint">{hint}</p> : null}
    </div>
  );
}
