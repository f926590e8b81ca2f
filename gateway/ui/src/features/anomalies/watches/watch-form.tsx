/** What is to be watched, beside the list: written, tried, and said to the hub. */

import { Button, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Radio, TextInput } from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { METHODS, SENSITIVITIES } from "@/components/anomalies/words";
import { ClusterPicker } from "@/components/cluster-picker";
import { Drawer } from "@/components/drawer";
import { QueryEditor } from "@/components/query-editor/query-editor";
import { refusalOf } from "@/components/query-editor/refusal";
import { InlineFailure } from "@/components/states";
import { WatchChart } from "@/features/anomalies/watches/watch-chart";
import { useReadWatches } from "@/features/anomalies/watches/use-watches";
import { draftOf, EMPTY, everyInWords, idFor, problemsOf, rhythms, STREAMING, watchOf, type Draft } from "@/features/anomalies/watches/words";
import { createWatch, replaceWatch } from "@/generated/api";
import { Sensitivity, type WatchView } from "@/generated/api.schemas";

interface WatchFormProps {
  /** Undefined: a new one. */
  watch: WatchView | undefined;
  onDone: (id: string) => void;
  onClose: () => void;
}

export function WatchForm({ watch, onDone, onClose }: WatchFormProps) {
  const read = useReadWatches();
  const [draft, setDraft] = useState<Draft>(watch === undefined ? EMPTY : draftOf(watch));
  /** Until somebody names it, it is named after its title. */
  const [isNamed, setNamed] = useState(watch !== undefined);
  const [shown, setShown] = useState<Draft>();
  /** What the draft was made of: what others change meanwhile is not overwritten. */
  const [version] = useState(watch?.version);
  const wanted = isNamed ? draft : { ...draft, id: idFor(draft.title) };
  const save = useMutation({
    mutationFn: (said: Draft) =>
      watch === undefined
        ? createWatch(watchOf(said))
        : replaceWatch(watch.id, watchOf(said), { headers: { "If-Match": `"${version}"` } }),
    onSuccess: async (_, { id }) => {
      await read();
      onDone(id);
    },
  });
  const problems = problemsOf(wanted);
  const isRight = Object.keys(problems).length === 0;
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  const refusal = wanted.query.trim() === save.variables?.query.trim() ? refusalOf(save.error) : undefined;
  const submit = () => {
    if (isRight && !save.isPending) save.mutate(wanted);
  };
  return (
    <Drawer title={watch === undefined ? "Watch something" : `Change ${watch.title}`} label="Watch" onClose={onClose}>
      <Form
        className="anomalies-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field
          id="watch-title"
          label="Title"
          value={draft.title}
          hint="What it is about, like CPU of the nodes."
          isRequired
          most={200}
          onChange={(title) => change({ title })}
        />
        {watch === undefined ? (
          <Field
            id="watch-id"
            label="Name"
            value={wanted.id}
            problem={wanted.id === "" ? undefined : problems.id}
            hint="It stays as it is."
            isRequired
            most={64}
            onChange={(id) => {
              setNamed(true);
              change({ id });
            }}
          />
        ) : null}
        <FormGroup label="Query" isRequired role="group" fieldId="watch-query">
          <QueryEditor
            language="promql"
            label="What is asked in PromQL"
            placeholder="PromQL, for example: node_load1"
            value={draft.query}
            onChange={(query) => change({ query })}
            onRun={(query) => {
              change({ query });
              if (query.trim() !== "") setShown({ ...draft, query });
            }}
            clusters={draft.clusters}
            error={refusal}
          />
          <FormHelperText>
            <HelperText>
              <HelperTextItem>Each series of its answer is looked at by itself.</HelperTextItem>
            </HelperText>
          </FormHelperText>
        </FormGroup>
        <FormGroup label="Clusters" role="group" fieldId="watch-clusters">
          <ClusterPicker chosen={draft.clusters} onChange={(clusters) => change({ clusters })} />
        </FormGroup>
        <div>
          <Button variant="link" isInline isDisabled={draft.query.trim() === ""} onClick={() => setShown(draft)}>
            Show what it comes to
          </Button>
        </div>
        {shown ? <WatchChart watch={{ ...watchOf(shown), ...boundsOf(wanted) }} /> : null}
        <FormGroup label="Asked" fieldId="watch-every">
          <FormSelect id="watch-every" className="anomalies-choice" value={String(draft.every)} onChange={(_, value) => change({ every: Number(value) })}>
            {rhythms(draft.every).map((each) => (
              <FormSelectOption key={each} value={String(each)} label={everyInWords(each)} />
            ))}
          </FormSelect>
        </FormGroup>
        <div className="anomalies-pair">
          <Field
            id="watch-above"
            label="Told when over"
            value={draft.above}
            problem={problems.above}
            hint="Empty: no bound."
            onChange={(above) => change({ above })}
          />
          <Field
            id="watch-below"
            label="Told when under"
            value={draft.below}
            problem={problems.below}
            hint="Empty: no bound."
            onChange={(below) => change({ below })}
          />
        </div>
        <FormGroup label="Sensitivity" role="radiogroup" fieldId="watch-sensitivity" isStack>
          {Object.values(Sensitivity).map((each) => (
            <Radio
              key={each}
              id={`watch-sensitivity-${each}`}
              name="watch-sensitivity"
              label={SENSITIVITIES[each][0]}
              description={SENSITIVITIES[each][1]}
              isChecked={draft.sensitivity === each}
              onChange={() => change({ sensitivity: each })}
            />
          ))}
        </FormGroup>
        <FormGroup label="Method" role="radiogroup" fieldId="watch-method" isStack>
          {STREAMING.map((each) => (
            <Radio
              key={each}
              id={`watch-method-${each}`}
              name="watch-method"
              label={METHODS[each][0]}
              description={METHODS[each][1]}
              isChecked={draft.method === each}
              onChange={() => change({ method: each })}
            />
          ))}
        </FormGroup>
        {save.error && !refusal ? <InlineFailure error={save.error} what="Not saved" /> : null}
        {refusal ? <p role="alert" className="tone-danger">Not saved: the query is not right, see above.</p> : null}
        <div className="toolbar">
          <Button type="submit" isLoading={save.isPending} isDisabled={!isRight || save.isPending}>
            {watch === undefined ? "Watch it" : "Save"}
          </Button>
          <Button variant="link" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </Form>
    </Drawer>
  );
}

/** Bounds as they are typed, as far as they are numbers. */
function boundsOf(draft: Draft) {
  const { above, below } = watchOf(draft);
  const known = (value: number | null | undefined) => (Number.isFinite(value ?? Number.NaN) ? value! : null);
  return { above: known(above), below: known(below) };
}

interface FieldProps {
  id: string;
  label: string;
  hint: string;
  value: string;
  problem?: string | undefined;
  isRequired?: boolean;
  most?: number;
  onChange: (value: string) => void;
}

function Field({ id, label, hint, value, problem, isRequired = false, most = 30, onChange }: FieldProps) {
  return (
    <FormGroup label={label} fieldId={id} isRequired={isRequired}>
      <TextInput
        id={id}
        value={value}
        isRequired={isRequired}
        autoComplete="off"
        spellCheck={false}
        maxLength={most}
        validated={problem === undefined ? "default" : "error"}
        aria-describedby={`${id}-hint`}
        onChange={(_, next) => onChange(next)}
      />
      <FormHelperText>
        <HelperText id={`${id}-hint`} isLiveRegion>
          <HelperTextItem variant={problem === undefined ? "default" : "error"}>{problem ?? hint}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
