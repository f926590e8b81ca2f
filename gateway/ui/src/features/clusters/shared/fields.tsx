/** Fields of forms, each with its label, hint and what is wrong with it. */

import {
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextArea,
  TextInput,
} from "@patternfly/react-core";
import type { ReactNode } from "react";

interface FieldProps {
  id: string;
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  isRequired?: boolean;
  /** Over all columns. */
  wide?: boolean;
  disabled?: boolean | undefined;
}

interface TextFieldProps extends FieldProps {
  value: string;
  type?: "text" | "url";
  placeholder?: string;
  /** More than one line. */
  rows?: number;
  onChange: (value: string) => void;
}

export function TextField({ value, type = "text", placeholder, rows, onChange, ...field }: TextFieldProps) {
  const { id, problem, disabled = false, isRequired = false } = field;
  const shared = {
    id,
    value,
    isDisabled: disabled,
    isRequired,
    autoComplete: "off",
    spellCheck: false,
    validated: problem ? ("error" as const) : ("default" as const),
    "aria-describedby": `${id}-help`,
    ...(placeholder ? { placeholder } : {}),
  };
  return (
    <Field {...field}>
      {rows ? (
        <TextArea {...shared} rows={rows} resizeOrientation="vertical" onChange={(_, next) => onChange(next)} />
      ) : (
        <TextInput {...shared} type={type} onChange={(_, next) => onChange(next)} />
      )}
    </Field>
  );
}

interface ChoiceFieldProps<Value extends string> extends FieldProps {
  of: Readonly<Record<Value, string>>;
  value: Value;
  onChange: (value: Value) => void;
}

export function ChoiceField<Value extends string>({ of, value, onChange, ...field }: ChoiceFieldProps<Value>) {
  return (
    <Field {...field}>
      <FormSelect
        id={field.id}
        value={value}
        isDisabled={field.disabled ?? false}
        aria-describedby={`${field.id}-help`}
        onChange={(_, next) => onChange(next as Value)}
      >
        {(Object.keys(of) as Value[]).map((each) => (
          <FormSelectOption key={each} value={each} label={of[each]} />
        ))}
      </FormSelect>
    </Field>
  );
}

interface SecretFieldProps extends FieldProps {
  /** No secret, but sent with some. */
  plain?: boolean;
  rows?: number;
  placeholder?: string;
}

/**
 * A field that the page's state never holds: its form reads it when it is sent. Its name in the form
 * is its id.
 */
export function SecretField({ rows, placeholder, plain = false, ...field }: SecretFieldProps) {
  const { id, problem, disabled = false, isRequired = false } = field;
  const shared = {
    id,
    name: id,
    isDisabled: disabled,
    isRequired,
    spellCheck: false,
    validated: problem ? ("error" as const) : ("default" as const),
    "aria-describedby": `${id}-help`,
    ...(placeholder ? { placeholder } : {}),
  };
  return (
    <Field {...field}>
      {rows ? (
        <TextArea {...shared} className="mono" rows={rows} autoComplete="off" resizeOrientation="vertical" />
      ) : (
        <TextInput
          {...shared}
          type={plain ? "text" : "password"}
          autoComplete={plain ? "off" : "new-password"}
        />
      )}
    </Field>
  );
}

function Field({ id, label, hint, problem, isRequired = false, wide, children }: FieldProps & { children: ReactNode }) {
  return (
    <FormGroup label={label} fieldId={id} isRequired={isRequired} className={wide ? "clusters-wide" : ""}>
      {children}
      <FormHelperText>
        <HelperText id={`${id}-help`} isLiveRegion>
          {problem ? (
            <HelperTextItem variant="error">{problem}</HelperTextItem>
          ) : hint ? (
            <HelperTextItem>{hint}</HelperTextItem>
          ) : null}
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
