import { Alert, Button, Checkbox, Form, FormSection } from "@patternfly/react-core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";

import { adviceOn } from "@/components/states";
import {
  BACKENDS,
  EMPTY,
  problemsOf,
  refusedFields,
  registrationOf,
  type Draft,
  type Problems,
} from "@/features/clusters/shared/draft";
import { givenFrom, missingFrom, type LoginChoices } from "@/features/clusters/shared/login";
import { LoginFields } from "@/features/clusters/shared/login-fields";
import { LinkButton } from "@/components/link-button";
import { isPending } from "@/features/clusters/shared/outcome";
import { PendingNotice } from "@/features/clusters/shared/pending-notice";
import { RegistrationFields } from "@/features/clusters/shared/registration-fields";
import { useSecretly } from "@/features/clusters/shared/secretly";
import { ValidationList, validationIn } from "@/features/clusters/shared/validation-list";
import { registerCluster, uploadCredentials } from "@/generated/api";
import type { Given, Registration } from "@/generated/api.schemas";
import { useGo } from "@/lib/place";

interface Wanted {
  registration: Registration;
  login: Given | undefined;
}

/** One cluster, written by hand; its credentials now or later. */
export function FormWay({ disabled, loginLater }: { disabled: string | undefined; loginLater: boolean }) {
  const client = useQueryClient();
  const go = useGo();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [tried, setTried] = useState(false);
  const [withLogin, setWithLogin] = useState(!loginLater);
  const [choices, setChoices] = useState<LoginChoices>({
    kind: "SERVICE_ACCOUNT",
    backends: {},
    insecure: false,
  });
  // Of the login nothing is known before it is sent: the page's state never holds it.
  const [missing, setMissing] = useState<Problems>({});
  const [made, setMade] = useState<string>();
  const form = useRef<HTMLFormElement>(null);

  const save = useSecretly(
    async ({ registration, login }: Wanted) => {
      let id = made;
      if (id === undefined) {
        const cluster = await registerCluster(registration);
        if (isPending(cluster)) return cluster;
        id = cluster.id;
        setMade(id);
        void client.invalidateQueries();
      }
      const taken = login ? await uploadCredentials(id, login) : undefined;
      return isPending(taken) ? taken : id;
    },
    {
      onSuccess: (done) => {
        void client.invalidateQueries();
        form.current?.reset();
        if (typeof done === "string") go(`/clusters/${done}`);
      },
    },
  );
  const configured = BACKENDS.filter((each) => draft.endpoints[each].trim() !== "");
  const here = problemsOf(draft);
  const refused = refusedFields(save.error);
  const problems = tried ? { ...(save.isPending ? {} : refused), ...missing, ...here } : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    const login = withLogin ? givenFrom(event.currentTarget, choices, configured) : undefined;
    const left = login ? missingFrom(login) : {};
    setMissing(left);
    const wrong = Object.keys({ ...here, ...left })[0];
    if (wrong !== undefined) {
      document.getElementById(wrong)?.focus();
      return;
    }
    save.give({ registration: registrationOf(draft), login });
  };
  if (isPending(save.data)) return <PendingNotice />;
  return (
    <Form ref={form} onSubmit={submit} noValidate className="clusters-form">
      <RegistrationFields
        draft={draft}
        problems={problems}
        disabled={made !== undefined}
        onChange={(changed) => setDraft({ ...draft, ...changed })}
      />
      <FormSection title="How the hub logs in" titleElement="h2">
        <Checkbox
          id="with-login"
          label="Give credentials now"
          description="Without any, the API server is not checked and nothing is discovered. They are tried on every endpoint before they are kept."
          isChecked={withLogin}
          onChange={(_, now) => setWithLogin(now)}
        />
        {withLogin ? (
          <LoginFields
            choices={choices}
            configured={configured}
            problems={problems}
            onChange={(changed) => setChoices({ ...choices, ...changed })}
          />
        ) : null}
      </FormSection>
      {save.error ? (
        <Alert
          isInline
          component="p"
          variant={made ? "warning" : "danger"}
          title={made ? `${draft.name} is registered, but its credentials were not taken` : "Not registered"}
        >
          {validationIn(save.error).length > 0 ? (
            <ValidationList of={validationIn(save.error)} />
          ) : (
            <>
              {save.error.message} {adviceOn(save.error)}
            </>
          )}
        </Alert>
      ) : null}
      <div className="clusters-line">
        <Button
          type="submit"
          isLoading={save.isPending}
          isDisabled={save.isPending || disabled !== undefined}
        >
          {made ? "Try the credentials again" : "Register the cluster"}
        </Button>
        {made ? (
          <LinkButton to={`/clusters/${made}`} variant="link">
            Go on without credentials
          </LinkButton>
        ) : null}
        <span className="hint">
          {disabled ?? (save.isPending ? "The hub tries every endpoint; that can take half a minute." : "")}
        </span>
      </div>
    </Form>
  );
}
