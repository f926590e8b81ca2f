/** What incidents there would have been with another rule, beside those that there were. */

import "@/features/settings/rules/rehearsal.css";

import { Button, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { ArrowRightIcon, PlayIcon } from "@patternfly/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { InlineFailure } from "@/components/states";
import { RehearsedList } from "@/features/settings/rules/rehearsed-list";
import { becomes, HOURS, madeOf, verdictOf } from "@/features/settings/rules/rehearsed-words";
import { rehearseCorrelationRule } from "@/generated/api";
import type { DryRun, Rehearsed } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useClock } from "@/lib/moment";

/** The hub gives itself two minutes. */
const PATIENCE_MS = 130_000;

interface RehearsalProps {
  /** What is tried; undefined: it is not right yet. */
  question: Omit<DryRun, "hours"> | undefined;
  /** What follows from it, for the column of what would be: `With this rule`. */
  then: string;
}

/** Tries a rule, or the lack of one, on what has happened; nothing is changed by it. */
export function Rehearsal({ question, then }: RehearsalProps) {
  const [hours, setHours] = useState(24);
  const asked = question === undefined ? undefined : { ...question, hours };
  const run = useMutation({
    mutationFn: (dryRun: DryRun) => rehearseCorrelationRule(dryRun, { patience: PATIENCE_MS }),
  });
  const isOld = run.data !== undefined && JSON.stringify(run.variables) !== JSON.stringify(asked);
  return (
    <section className="rehearsal" aria-label="Try it">
      <div className="rehearsal-ask">
        <span className="rehearsal-words">
          <strong>Try it first</strong>
          <span className="hint">What incidents there would have been. Nothing is changed.</span>
        </span>
        <FormSelect
          className="rehearsal-hours"
          aria-label="On what happened"
          value={String(hours)}
          onChange={(_, value) => setHours(Number(value))}
        >
          {HOURS.map(([value, words]) => (
            <FormSelectOption key={value} value={String(value)} label={words} />
          ))}
        </FormSelect>
        <Button
          variant="secondary"
          icon={<PlayIcon />}
          isLoading={run.isPending}
          isDisabled={asked === undefined || run.isPending}
          onClick={() => asked && run.mutate(asked)}
        >
          Try it
        </Button>
      </div>
      <div aria-live="polite" aria-busy={run.isPending}>
        {run.isPending ? (
          <p className="hint">The hub goes through what happened; that can take up to two minutes.</p>
        ) : run.error ? (
          <InlineFailure error={run.error} what="It could not be tried" />
        ) : run.data ? (
          <div className={isOld ? "rehearsal-result is-old" : "rehearsal-result"}>
            {isOld ? <p className="hint">This is of what stood there before you changed it: try it again.</p> : null}
            <Compared rehearsed={run.data} hours={run.variables.hours ?? 24} then={then} />
          </div>
        ) : null}
      </div>
    </section>
  );
}

interface ComparedProps {
  rehearsed: Rehearsed;
  hours: number;
  then: string;
}

function Compared({ rehearsed, hours, then }: ComparedProps) {
  const clock = useClock();
  const { events, before, after, signals_before, signals_after, changed, gone, whole_from } = rehearsed;
  return (
    <>
      <p className="rehearsal-verdict">{verdictOf(rehearsed)}</p>
      <dl className="rehearsal-figures">
        <Figure name="Incidents" before={before} after={after} />
        <Figure name="Signals in an incident" before={signals_before} after={signals_after} />
      </dl>
      {changed.length + gone.length > 0 ? (
        <div className="rehearsal-sides">
          <RehearsedList title="Now" none="All that there are would stay." incidents={gone} said={becomes} />
          <RehearsedList title={then} none="None instead: their signals would belong to no incident." incidents={changed} said={madeOf} />
        </div>
      ) : null}
      <p className="hint">
        {plural(events, "event")} of {HOURS.find(([value]) => value === hours)?.[1].toLowerCase() ?? plural(hours, "hour")} were read.
        Merged, split or resolved by hand counts on neither side.
        {whole_from ? ` What happened before ${clock(whole_from)} is not kept whole any more, so some may be missing.` : ""}
      </p>
    </>
  );
}

function Figure({ name, before, after }: { name: string; before: number; after: number }) {
  const difference = after - before;
  return (
    <div>
      <dt>{name}</dt>
      <dd className="numbers">
        <span className="quiet">{count(before)}</span>
        <ArrowRightIcon aria-label="would be" />
        <strong>{count(after)}</strong>
        {difference === 0 ? (
          <span className="hint">as many</span>
        ) : (
          <span className="hint">{`${difference > 0 ? "+" : "−"}${count(Math.abs(difference))}`}</span>
        )}
      </dd>
    </div>
  );
}
