/** A new report: which, of what, in which form, once or again and again. */

import { Button, Form, FormGroup, FormSelect, FormSelectOption, Radio, TextInput } from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { Drawer } from "@/components/drawer";
import { InlineFailure } from "@/components/states";
import { useReadReports } from "@/features/reports/shared/use-reports";
import { FORMATS, TYPES } from "@/features/reports/shared/words";
import { EMPTY, LONGEST_TITLE, problemsOf, recurringOf, repeats, requestOf, type Draft } from "@/features/reports/wizard/draft";
import { Hint } from "@/features/reports/wizard/hint";
import { IncidentPicker } from "@/features/reports/wizard/incident-picker";
import { PeriodField, ScheduledPeriodField } from "@/features/reports/wizard/period-field";
import { ScheduleFields } from "@/features/reports/wizard/schedule-fields";
import { createReport, createReportSchedule } from "@/generated/api";
import { ReportFormat, ReportType } from "@/generated/api.schemas";
import { useWallClock } from "@/lib/moment";
import { useRights } from "@/lib/rights";
import { useSettings } from "@/lib/settings";

interface ReportFormProps {
  /** The incident that it is about, where that is known. */
  incident: string | undefined;
  /** It is begun where schedules are shown. */
  isRepeated: boolean;
  /** Without an id: it was taken, but is not visible yet. */
  onMade: (id: string | undefined) => void;
  onScheduled: () => void;
  onClose: () => void;
}

export function ReportForm({ incident, isRepeated, onMade, onScheduled, onClose }: ReportFormProps) {
  const { operates } = useRights();
  const mayRepeat = operates();
  const [draft, setDraft] = useState<Draft>({
    ...EMPTY,
    ...(incident === undefined ? {} : { type: "INCIDENT_REPORT" as const, incident }),
    isRepeated: isRepeated && mayRepeat && incident === undefined,
  });
  const [isTried, setTried] = useState(false);
  const zone = useSettings((settings) => settings.zone);
  const now = useWallClock(1_000);
  const read = useReadReports();
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  const start = useMutation({
    mutationFn: async (said: Draft): Promise<string | undefined> => {
      const made = repeats(said) ? await createReportSchedule(recurringOf(said)) : await createReport(requestOf(said, zone, now));
      return "report_type" in made ? made.id : undefined;
    },
    onSuccess: async (made, said) => {
      await read();
      if (repeats(said)) onScheduled();
      else onMade(made);
    },
  });
  const problems = problemsOf(draft, zone, now);
  const isAgain = repeats(draft);
  return (
    <Drawer title="New report" label="New report" onClose={onClose}>
      <Form
        className="reports-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(problems).length === 0 && !start.isPending) start.mutate(draft);
        }}
      >
        <FormGroup label="Which" role="radiogroup" fieldId="report-type" isStack>
          {Object.values(ReportType).map((type) => (
            <Radio
              key={type}
              id={`report-type-${type}`}
              name="report-type"
              className={draft.type === type ? "reports-card is-chosen" : "reports-card"}
              label={TYPES[type].said}
              description={
                <>
                  <span className="reports-who">{TYPES[type].who}.</span> {TYPES[type].has}
                </>
              }
              isChecked={draft.type === type}
              onChange={() => change({ type })}
            />
          ))}
        </FormGroup>
        {draft.type === "INCIDENT_REPORT" ? (
          <IncidentPicker chosen={draft.incident} problem={isTried ? problems.incident : undefined} onChoose={(id) => change({ incident: id })} />
        ) : (
          <>
            <FormGroup label="How often" role="radiogroup" fieldId="report-often" isStack>
              <Radio id="report-once" name="report-often" label="Once, now" isChecked={!isAgain} onChange={() => change({ isRepeated: false })} />
              <Radio
                id="report-again"
                name="report-often"
                label="On a schedule"
                description={mayRepeat ? undefined : "Operators and administrators can schedule reports."}
                isDisabled={!mayRepeat}
                isChecked={isAgain}
                onChange={() => change({ isRepeated: true })}
              />
            </FormGroup>
            {isAgain ? <ScheduleFields draft={draft} problem={problems.cron} now={now} onChange={change} /> : null}
            {isAgain ? (
              <ScheduledPeriodField draft={draft} onChange={change} />
            ) : (
              <PeriodField draft={draft} problem={isTried || draft.from !== "" ? problems.period : undefined} onChange={change} />
            )}
            <FormGroup label="Clusters" role="group" fieldId="report-clusters">
              <ClusterPicker chosen={draft.clusters} onChange={(clusters) => change({ clusters })} />
              <Hint>{draft.clusters.length === 0 ? "All that you may read." : "It is about these, and seen by those who may read all of them."}</Hint>
            </FormGroup>
          </>
        )}
        <FormGroup label="Format" fieldId="report-format">
          <FormSelect
            id="report-format"
            className="reports-choice"
            value={draft.format}
            aria-describedby="report-format-hint"
            onChange={(_, value) => change({ format: value as ReportFormat })}
          >
            {Object.values(ReportFormat).map((format) => (
              <FormSelectOption key={format} value={format} label={FORMATS[format][0]} />
            ))}
          </FormSelect>
          <Hint id="report-format-hint">{FORMATS[draft.format][1]}.</Hint>
        </FormGroup>
        <FormGroup label="Title" fieldId="report-title">
          <TextInput
            id="report-title"
            value={draft.title}
            maxLength={LONGEST_TITLE}
            autoComplete="off"
            dir="auto"
            aria-describedby="report-title-hint"
            onChange={(_, title) => change({ title })}
          />
          <Hint id="report-title-hint">{draft.type === "INCIDENT_REPORT" ? "Without one it is called as the incident." : "Without one it is called by its type and time."}</Hint>
        </FormGroup>
        {start.error ? <InlineFailure error={start.error} what={isAgain ? "Not scheduled" : "Not asked for"} /> : null}
        <div className="toolbar">
          <Button type="submit" isLoading={start.isPending} isDisabled={start.isPending}>
            {isAgain ? "Schedule it" : "Make it"}
          </Button>
          <Button variant="link" onClick={onClose}>
            Cancel
          </Button>
          {isTried && Object.keys(problems).length > 0 ? (
            <span role="alert" className="reports-problem">
              {Object.values(problems)[0]}
            </span>
          ) : null}
        </div>
      </Form>
    </Drawer>
  );
}
