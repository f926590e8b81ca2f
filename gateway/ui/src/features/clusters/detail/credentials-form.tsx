import { Alert, Button, Form } from "@patternfly/react-core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { adviceOn } from "@/components/states";
import { BACKENDS, refusedFields } from "@/features/clusters/shared/draft";
import { givenFrom, type LoginChoices } from "@/features/clusters/shared/login";
import { LoginFields } from "@/features/clusters/shared/login-fields";
import { isPending } from "@/features/clusters/shared/outcome";
import { useSecretly } from "@/features/clusters/shared/secretly";
import { ValidationList, validationIn } from "@/features/clusters/shared/validation-list";
import { rotateCredentials, uploadCredentials, validateCredentials } from "@/generated/api";
import type { ClusterView, Given } from "@/generated/api.schemas";

type Mode = "add" | "rotate" | "replace";

interface CredentialsFormProps {
  cluster: ClusterView;
  mode: Mode;
  disabled: string | undefined;
  onDone: () => void;
  onCancel?: () => void;
}

const TITLES: Readonly<Record<Mode, string>> = {
  add: "Give it credentials",
  rotate: "Rotate credentials",
  replace: "Replace all credentials",
};
const HINTS: Readonly<Record<Mode, string>> = {
  add: "They are tried on every endpoint before they are kept.",
  rotate: "What you leave out stays. The new ones are tried first; the old ones count until they are taken.",
  replace: "What you leave out is lost. The new ones are tried first; the old ones count until they are taken.",
};

/** New credentials; what is typed is in the form's fields alone until it is sent, and then gone. */
export function CredentialsForm({ cluster, mode, disabled, onDone, onCancel }: CredentialsFormProps) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [choices, setChoices] = useState<LoginChoices>({
    kind: mode === "rotate" && cluster.credentials ? cluster.credentials.auth_type : "SERVICE_ACCOUNT",
    backends: {},
    insecure: false,
  });
  const configured = BACKENDS.filter((each) => cluster.endpoints?.[`${each}_url`]);
  const keep = useSecretly(
    (given: Given) =>
      mode === "rotate" ? rotateCredentials(cluster.id, given) : uploadCredentials(cluster.id, given),
    {
      onSuccess: async (answer) => {
        form.current?.reset();
        await client.invalidateQueries();
        if (!isPending(answer)) onDone();
      },
    },
  );
  const attempt = useSecretly((given: Given) => validateCredentials(cluster.id, given));
  const read = () => givenFrom(form.current!, choices, configured);
  const error = keep.error ?? attempt.error;
  const busy = keep.isPending || attempt.isPending;
  const tried = attempt.data !== undefined && !isPending(attempt.data) ? attempt.data : undefined;
  const refusals = validationIn(keep.error);
  return (
    <section className="panel" aria-labelledby="new-login">
      <h2 id="new-login">{TITLES[mode]}</h2>
      <Form
        ref={form}
        noValidate
        className="clusters-form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt.reset();
          keep.give(read());
        }}
      >
        <p className="hint">{HINTS[mode]}</p>
        <LoginFields
          choices={choices}
          configured={configured}
          problems={refusedFields(error)}
          rotates={mode === "rotate"}
          onChange={(changed) => setChoices({ ...choices, ...changed })}
        />
        <div aria-live="polite">
          {error ? (
            <Alert isInline component="p" variant="danger" title={keep.error ? "Not kept" : "They could not be tried"}>
              {refusals.length > 0 ? (
                <ValidationList of={refusals} />
              ) : (
                <>
                  {error.message} {adviceOn(error)}
                </>
              )}
            </Alert>
          ) : isPending(keep.data) ? (
            <Alert isInline component="p" variant="info" title="Taken, but not finished yet">
              The hub goes on trying them by itself.
            </Alert>
          ) : tried ? (
            <Alert
              isInline
              component="p"
              variant={tried.valid ? "success" : "warning"}
              title={tried.valid ? "They are good for every endpoint; not kept yet" : "Not good for every endpoint"}
            >
              <ValidationList of={tried.validation} />
            </Alert>
          ) : null}
        </div>
        <div className="clusters-line">
          <Button type="submit" isLoading={keep.isPending} isDisabled={busy || disabled !== undefined}>
            {mode === "rotate" ? "Rotate" : "Try and keep"}
          </Button>
          {choices.kind === "KEEP" ? null : (
            <Button
              variant="secondary"
              isLoading={attempt.isPending}
              isDisabled={busy || disabled !== undefined}
              onClick={() => {
                keep.reset();
                attempt.give(read());
              }}
            >
              Only try
            </Button>
          )}
          {onCancel ? (
            <Button variant="link" onClick={onCancel}>
              Cancel
            </Button>
          ) : null}
          <span className="hint">
            {disabled ?? (busy ? "Every endpoint is tried; that can take half a minute." : "")}
          </span>
        </div>
      </Form>
    </section>
  );
}
