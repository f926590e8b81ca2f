/** When a report is made again and again. */

import { FormGroup, FormSelect, FormSelectOption, TextInput } from "@patternfly/react-core";

import { toMinute } from "@/features/reports/shared/words";
import { cronOf, RHYTHMS, type Draft, type Rhythm } from "@/features/reports/wizard/draft";
import { Hint } from "@/features/reports/wizard/hint";
import { nextTimes, readCron } from "@/lib/cron";
import { useClock } from "@/lib/moment";

interface ScheduleFieldsProps {
  draft: Draft;
  problem: string | undefined;
  /** Milliseconds since 1970. */
  now: number;
  onChange: (changed: Partial<Draft>) => void;
}

export function ScheduleFields({ draft, problem, now, onChange }: ScheduleFieldsProps) {
  const isOwn = draft.rhythm === "own";
  return (
    <>
      <FormGroup label="When" fieldId="report-rhythm">
        <FormSelect
          id="report-rhythm"
          className="reports-choice"
          value={draft.rhythm}
          onChange={(_, value) => {
            // What was chosen before is what one goes on from.
            const cron = value === "own" && !isOwn ? { cron: cronOf(draft) } : {};
            onChange({ rhythm: value as Rhythm, ...cron });
          }}
        >
          {Object.entries(RHYTHMS).map(([rhythm, said]) => (
            <FormSelectOption key={rhythm} value={rhythm} label={said} />
          ))}
        </FormSelect>
      </FormGroup>
      {isOwn ? (
        <FormGroup label="Cron, in UTC" fieldId="report-cron">
          <TextInput
            id="report-cron"
            className="mono reports-choice"
            value={draft.cron}
            maxLength={100}
            autoComplete="off"
            spellCheck={false}
            validated={problem === undefined ? "default" : "error"}
            aria-describedby="report-when-hint"
            onChange={(_, cron) => onChange({ cron })}
          />
        </FormGroup>
      ) : (
        <FormGroup label="At (UTC)" fieldId="report-time">
          <TextInput
            id="report-time"
            className="reports-choice"
            type="time"
            value={draft.time}
            validated={problem === undefined ? "default" : "error"}
            aria-describedby="report-when-hint"
            onChange={(_, time) => onChange({ time })}
          />
        </FormGroup>
      )}
      <Hint id="report-when-hint" problem={problem}>
        <Next cron={cronOf(draft)} now={now} />
        {isOwn ? <> Five fields: minute, hour, day of the month, month, weekday.</> : null}
      </Hint>
    </>
  );
}

function Next({ cron, now }: { cron: string; now: number }) {
  const clock = useClock();
  const read = readCron(cron);
  if (typeof read === "string") return null;
  return <span className="numbers">Next: {nextTimes(read, now).map((at) => toMinute(clock(at))).join(" · ")}.</span>;
}
