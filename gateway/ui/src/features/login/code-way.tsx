import { Button, ClipboardCopy, Form, FormGroup, TextInput } from "@patternfly/react-core";
import { useState } from "react";

interface CodeWayProps {
  isBusy: boolean;
  onEnter: (code: string) => void;
}

/** By a one-time code: from the link that `aiops login` prints, or typed in. */
export function CodeWay({ isBusy, onEnter }: CodeWayProps) {
  const [code, setCode] = useState("");
  return (
    <div className="login-code">
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
          onEnter(code.trim());
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
        <Button type="submit" isBlock isDisabled={isBusy || code.trim() === ""} isLoading={isBusy}>
          {isBusy ? "Logging in" : "Log in"}
        </Button>
      </Form>
    </div>
  );
}

/** The code itself, also of a whole link that was pasted. */
export function codeIn(pasted: string): string {
  return /#code=([^&\s]+)/.exec(pasted)?.[1] ?? pasted;
}
