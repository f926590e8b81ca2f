/** What is to be run again, and with what otherwise. */

import { Button, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Radio, TextInput } from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { METHODS, SENSITIVITIES } from "@/components/anomalies/words";
import { ClusterPicker } from "@/components/cluster-picker";
import { Drawer } from "@/components/drawer";
import { InlineFailure } from "@/components/states";
import { useReadReplays } from "@/features/replays/use-replays";
import { askedOf, EMPTY, KINDS, NUMBERS, problemOf, SPANS, STREAMING, type Draft, type NumberField, type Streaming } from "@/features/replays/words";
import { startReplay } from "@/generated/api";
import { ReplayKind, Sensitivity } from "@/generated/api.schemas";
import { useWallClock } from "@/lib/moment";

interface ReplayFormProps {
  onDone: (id: string) => void;
  onClose: () => void;
}

export function ReplayForm({ onDone, onClose }: ReplayFormProps) {
  const read = useReadReplays();
  const now = useWallClock(1_000);
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  const start = useMutation({
    mutationFn: (said: Draft) => startReplay(askedOf(said, now)),
    onSuccess: async (begun) => {
      await read();
      if ("id" in begun && begun.id) onDone(begun.id);
      else onClose();
    },
  });
  const fields = NUMBERS.filter(({ kind }) => kind === draft.kind);
  const isRight = fields.every((field) => problemOf(field, draft[field.name]) === undefined);
  return (
    <Drawer title="Run history again" label="New replay" onClose={onClose}>
      <Form
        className="replays-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight && !start.isPending) start.mutate(draft);
        }}
      >
        <FormGroup label="What" role="radiogroup" fieldId="replay-kind" isStack>
          {Object.values(ReplayKind).map((each) => (
            <Radio
              key={each}
              id={`replay-kind-${each}`}
              name="replay-kind"
              label={KINDS[each][0]}
              description={KINDS[each][1]}
              isChecked={draft.kind === each}
              onChange={() => change({ kind: each })}
            />
          ))}
        </FormGroup>
        <FormGroup label="Time" fieldId="replay-span">
          <FormSelect id="replay-span" className="replays-choice" value={String(draft.hours)} onChange={(_, value) => change({ hours: Number(value) })}>
            {SPANS.map(([hours, said]) => (
              <FormSelectOption key={hours} value={String(hours)} label={said} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label="Clusters" role="group" fieldId="replay-clusters">
          <ClusterPicker chosen={draft.clusters} onChange={(clusters) => change({ clusters })} />
        </FormGroup>
        <h3 className="replays-otherwise">Otherwise than it is set</h3>
        <p className="hint">What is left empty is as it is set. With nothing otherwise it tells whether today&apos;s hub would come to the same.</p>
        {draft.kind === "DETECTION" ? <Detectors draft={draft} onChange={change} /> : null}
        {fields.map((field) => (
          <NumberInput key={field.name} field={field} value={draft[field.name]} onChange={(value) => change({ [field.name]: value })} />
        ))}
        {start.error ? <InlineFailure error={start.error} what="Not started" /> : null}
        <div className="toolbar">
          <Button type="submit" isLoading={start.isPending} isDisabled={!isRight || start.isPending}>
            Run it again
          </Button>
          <Button variant="link" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </Form>
    </Drawer>
  );
}

function Detectors({ draft, onChange }: { draft: Draft; onChange: (changed: Partial<Draft>) => void }) {
  return (
    <>
      <FormGroup label="Sensitivity" fieldId="replay-sensitivity">
        <FormSelect
          id="replay-sensitivity"
          className="replays-choice"
          value={draft.sensitivity}
          onChange={(_, value) => onChange({ sensitivity: value as Sensitivity | "" })}
        >
          <FormSelectOption value="" label="as each series is looked at" />
          {Object.values(Sensitivity).map((each) => (
            <FormSelectOption key={each} value={each} label={SENSITIVITIES[each][0]} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label="Method" fieldId="replay-method">
        <FormSelect id="replay-method" className="replays-choice" value={draft.method} onChange={(_, value) => onChange({ method: value as Streaming | "" })}>
          <FormSelectOption value="" label="as each series is looked at" />
          {STREAMING.map((each) => (
            <FormSelectOption key={each} value={each} label={METHODS[each][0]} />
          ))}
        </FormSelect>
      </FormGroup>
    </>
  );
}

function NumberInput({ field, value, onChange }: { field: NumberField; value: string; onChange: (value: string) => void }) {
  const problem = problemOf(field, value);
  const id = `replay-${field.name}`;
  return (
    <FormGroup label={field.label} fieldId={id}>
      <TextInput
        id={id}
        className="replays-choice"
        inputMode="decimal"
        value={value}
        autoComplete="off"
        maxLength={12}
        validated={problem === undefined ? "default" : "error"}
        aria-describedby={`${id}-hint`}
        onChange={(_, next) => onChange(next)}
      />
      <FormHelperText>
        <HelperText id={`${id}-hint`} isLiveRegion>
          <HelperTextItem variant={problem === undefined ? "default" : "error"}>{problem ?? field.hint}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
