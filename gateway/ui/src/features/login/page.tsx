import {
  Alert,
  Button,
  ClipboardCopy,
  Form,
  FormGroup,
  LoginPage as LoginFrame,
  TextInput,
} from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";

import { login } from "@/generated/api";
import { useGoToHref } from "@/lib/place";
import { wantedBefore } from "@/lib/session";

/** A one-time code becomes a session: from the link that `aiops` prints, or typed in. */
export function LoginPage() {
  const [code, setCode] = useState("");
  const client = useQueryClient();
  const goToHref = useGoToHref();
  const entering = useMutation({
    mutationFn: (given: string) => login({ code: given }),
    onSuccess: async () => {
      await client.invalidateQueries();
      goToHref(wantedBefore());
    },
  });
  const fromLink = useEffectEvent(() => {
    const given = new URLSearchParams(location.hash.slice(1)).get("code");
    // The code must not stay in the address, nor in the history.
    history.replaceState(history.state, "", "/login");
    if (given) entering.mutate(given);
  });
  useEffect(() => fromLink(), []);
  const busy = entering.isPending;
  return (
    <LoginFrame loginTitle="Log in" loginSubtitle="The operations hub for your fleet of clusters">
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          entering.mutate(code.trim());
        }}
      >
        {entering.error ? <Alert isInline variant="danger" title={entering.error.message} /> : null}
        <p>On the machine of the hub, run this and open the link that it prints:</p>
        <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied">
          aiops login
        </ClipboardCopy>
        <FormGroup label="Or give the code of the link" fieldId="code">
          <TextInput
            id="code"
            type="password"
            autoComplete="one-time-code"
            value={code}
            onChange={(_, value) => setCode(value)}
          />
        </FormGroup>
        <Button type="submit" isBlock isDisabled={busy || code.trim() === ""} isLoading={busy}>
          Log in
        </Button>
      </Form>
    </LoginFrame>
  );
}
