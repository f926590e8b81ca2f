import "@/features/login/login.css";

import { Alert, Button, ClipboardCopy, Form, FormGroup, TextInput } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";

import { login } from "@/generated/api";
import { ApiError } from "@/lib/http";
import { live } from "@/lib/live";
import { useGoToHref } from "@/lib/place";
import { sessionBegan, wantedBefore } from "@/lib/session";

/** A one-time code becomes a session: from the link that `aiops login` prints, or typed in. */
export function LoginPage() {
  const [code, setCode] = useState("");
  const client = useQueryClient();
  const goToHref = useGoToHref();
  const entering = useMutation({
    mutationFn: (given: string) => login({ code: given }),
    onSuccess: () => {
      // Of whoever was here before, nothing stays.
      live.stop();
      client.removeQueries();
      sessionBegan();
      goToHref(wantedBefore(), { replace: true });
    },
  });
  const enter = useEffectEvent((given: string) => entering.mutate(given));
  useEffect(() => {
    document.title = "Log in · AIOps NextGen";
    const fromLink = () => {
      const given = new URLSearchParams(location.hash.slice(1)).get("code");
      if (location.hash === "") return;
      // The code must not stay in the address, nor in the history.
      history.replaceState(history.state, "", location.pathname);
      if (given) enter(given);
    };
    fromLink();
    // A second link may be opened in the same tab.
    window.addEventListener("hashchange", fromLink);
    return () => window.removeEventListener("hashchange", fromLink);
  }, []);
  const busy = entering.isPending;
  return (
    <main className="login">
      <div className="login-card">
        <header>
          <span className="brand-mark login-mark" aria-hidden="true" />
          <h1>AIOps NextGen</h1>
          <p className="quiet">The operations hub for your fleet of clusters</p>
        </header>
        <div aria-live="assertive">{entering.error ? <Refusal error={entering.error} /> : null}</div>
        <section aria-labelledby="login-how">
          <h2 id="login-how">Log in from the hub&rsquo;s machine</h2>
          <p>Run this there, and open the link that it prints:</p>
          <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" textAriaLabel="Command that prints a link">
            aiops login
          </ClipboardCopy>
        </section>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            entering.mutate(code.trim());
          }}
        >
          <FormGroup label="Or paste the link&rsquo;s code" fieldId="code">
            <TextInput
              id="code"
              type="password"
              autoComplete="one-time-code"
              value={code}
              onChange={(_, value) => setCode(codeIn(value))}
            />
          </FormGroup>
          <Button type="submit" isBlock isDisabled={busy || code.trim() === ""} isLoading={busy}>
            {busy ? "Logging in" : "Log in"}
          </Button>
        </Form>
      </div>
    </main>
  );
}

/** The code itself, also of a whole link that was pasted. */
export function codeIn(pasted: string): string {
  return /#code=([^&\s]+)/.exec(pasted)?.[1] ?? pasted;
}

function Refusal({ error }: { error: Error }) {
  return error instanceof ApiError && error.status === 401 ? (
    <Alert isInline component="h2" variant="danger" title="This code does not count (any more)">
      Each works once and for a short time. Run <code>aiops login</code> again for a new one.
    </Alert>
  ) : (
    <Alert isInline component="h2" variant="danger" title="Logging in has failed">
      {error.message} Try again in a moment.
    </Alert>
  );
}
