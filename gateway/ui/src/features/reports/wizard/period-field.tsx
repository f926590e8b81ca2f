/** Which time a report is about. */

import { FormGroup, FormSelect, FormSelectOption, TextInput } from "@patternfly/react-core";

import { daysOf, SPANS, type Draft } from "@/features/reports/wizard/draft";
import { Hint } from "@/features/reports/wizard/hint";
import { capitalised, plural } from "@/lib/format";
import { useSettings } from "@/lib/settings";

interface PeriodFieldProps {
  draft: Draft;
  problem?: string | undefined;
  onChange: (changed: Partial<Draft>) => void;
}

const OWN = "own";

export function PeriodField({ draft, problem, onChange }: PeriodFieldProps) {
  const zone = useSettings((settings) => settings.zone);
  const isOwn = draft.span === OWN;
  return (
    <>
      <FormGroup label="Period" fieldId="report-period">
        <FormSelect
          id="report-period"
          className="reports-choice"
          value={isOwn ? OWN : String(daysOf(draft))}
          onChange={(_, value) => onChange({ span: value === OWN ? OWN : Number(value) })}
        >
          {SPANS.map(([days, said]) => (
            <FormSelectOption key={days} value={String(days)} label={capitalised(said)} />
          ))}
          <FormSelectOption value={OWN} label="From … to …" />
        </FormSelect>
      </FormGroup>
      {isOwn ? (
        <div className="reports-ends" role="group" aria-label="From and to">
          {(["from", "to"] as const).map((end) => (
            <FormGroup key={end} label={end === "from" ? "From" : "To"} fieldId={`report-${end}`}>
              <TextInput
                id={`report-${end}`}
                value={draft[end]}
                maxLength={40}
                autoComplete="off"
                placeholder="2026-01-31 12:00"
                validated={problem === undefined ? "default" : "error"}
                aria-describedby="report-ends-hint"
                onChange={(_, value) => onChange({ [end]: value })}
              />
            </FormGroup>
          ))}
          <Hint id="report-ends-hint" problem={problem}>
            now-12h, or 2026-01-31 12:00 ({zone === "utc" ? "UTC" : "local time"}); 90 days at most.
          </Hint>
        </div>
      ) : null}
    </>
  );
}

/** Of one that is made again and again: so long before it is made. */
export function ScheduledPeriodField({ draft, onChange }: PeriodFieldProps) {
  return (
    <FormGroup label="About" fieldId="report-days">
      <FormSelect id="report-days" className="reports-choice" value={String(daysOf(draft))} onChange={(_, value) => onChange({ span: Number(value) })}>
        {SPANS.map(([days]) => (
          <FormSelectOption key={days} value={String(days)} label={days === 1 ? "The day before it is made" : `The ${plural(days, "day")} before it is made`} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}
