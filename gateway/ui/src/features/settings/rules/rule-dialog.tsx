import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Radio,
  TextInput,
} from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { InlineFailure } from "@/components/states";
import { Rehearsal } from "@/features/settings/rules/rehearsal";
import { useReadRules } from "@/features/settings/rules/use-rules";
import { COMPARED, draftOf, EFFECTS, EMPTY, problemsOf, ruleOf, UNNAMED, type Draft } from "@/features/settings/rules/words";
import { createCorrelationRule, replaceCorrelationRule } from "@/generated/api";
import type { CorrelationRuleView, RuleEffect } from "@/generated/api.schemas";

/** The list of clusters is open: Escape is for that. */
const PICKING = '[role="dialog"] .pf-v6-c-menu-toggle[aria-expanded="true"]';

interface RuleDialogProps {
  /** Undefined: a new one. */
  rule: CorrelationRuleView | undefined;
  onClose: () => void;
}

/** Makes a rule, or says it anew. */
export function RuleDialog({ rule, onClose }: RuleDialogProps) {
  const read = useReadRules();
  const [draft, setDraft] = useState<Draft>(rule === undefined ? EMPTY : draftOf(rule));
  const save = useMutation({
    mutationFn: () =>
      rule === undefined
        ? createCorrelationRule(ruleOf(draft))
        : replaceCorrelationRule(rule.id, ruleOf(draft), { headers: { "If-Match": `"${rule.version}"` } }),
    onSuccess: async () => {
      await read();
      onClose();
    },
  });
  const problems = problemsOf(draft);
  const isRight = Object.keys(problems).length === 0;
  // It can be tried before it has a name.
  const { id: unnamed, ...others } = problems;
  const tried = Object.keys(others).length === 0 ? ruleOf({ ...draft, id: unnamed === undefined ? draft.id : UNNAMED }) : undefined;
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  const field = (name: keyof Draft & ("id" | "names" | "where" | "equal" | "within" | "comment")) => ({
    id: `rule-${name}`,
    value: draft[name],
    // What was not touched yet is not called wrong.
    problem: draft[name] === "" ? undefined : problems[name],
    onChange: (value: string) => change({ [name]: value }),
  });
  const closeUnlessPicking = () => {
    if (document.querySelector(PICKING) === null) onClose();
  };
  return (
    <Modal isOpen variant="medium" onClose={onClose} onEscapePress={closeUnlessPicking} aria-labelledby="rule-title">
      <ModalHeader title={rule === undefined ? "Add a correlation rule" : `Change ${rule.id}`} labelId="rule-title" />
      <ModalBody>
        <Form
          id="rule-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (isRight && !save.isPending) save.mutate();
          }}
        >
          {rule === undefined ? <Field {...field("id")} label="Name" hint="Like ptp-per-site. It stays as it is." isRequired /> : null}
          <FormGroup label="Effect" role="radiogroup" fieldId="rule-effect" isStack>
            {(Object.keys(EFFECTS) as RuleEffect[]).map((each) => (
              <Radio
                key={each}
                id={`rule-effect-${each}`}
                name="rule-effect"
                label={EFFECTS[each][0]}
                description={EFFECTS[each][1]}
                isChecked={draft.effect === each}
                onChange={() => change({ effect: each })}
              />
            ))}
          </FormGroup>
          <Field {...field("names")} label="Signals called" hint="Separated by commas, * stands for any text; empty: any." />
          <Field {...field("where")} label="On" hint="Like node/worker-*, namespace/shop; empty: anywhere." />
          <FormGroup label="Clusters" role="group" fieldId="rule-clusters">
            <ClusterPicker chosen={draft.clusters} onChange={(clusters) => change({ clusters })} />
          </FormGroup>
          {draft.effect === "IGNORED" ? null : (
            <Field
              {...field("equal")}
              label={draft.effect === "TOGETHER" ? "Together with the same" : "Apart where they differ in"}
              hint={`Separated by commas: ${COMPARED.join(", ")}.`}
              isRequired
            />
          )}
          {draft.effect === "TOGETHER" ? <Field {...field("within")} label="Begin within" hint="Like 5m or 1h." /> : null}
          <Field {...field("comment")} label="Why" hint="Others read it beside the rule." />
          <Rehearsal question={tried && { rule: tried }} then="With this rule" />
          {save.error ? <InlineFailure error={save.error} what="Not saved" /> : null}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="rule-form" isLoading={save.isPending} isDisabled={!isRight || save.isPending}>
          {rule === undefined ? "Add the rule" : "Save"}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

interface FieldProps {
  id: string;
  label: string;
  hint: string;
  value: string;
  problem: string | undefined;
  isRequired?: boolean;
  onChange: (value: string) => void;
}

function Field({ id, label, hint, value, problem, isRequired = false, onChange }: FieldProps) {
  return (
    <FormGroup label={label} fieldId={id} isRequired={isRequired}>
      <TextInput
        id={id}
        value={value}
        isRequired={isRequired}
        autoComplete="off"
        spellCheck={false}
        maxLength={1_000}
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
