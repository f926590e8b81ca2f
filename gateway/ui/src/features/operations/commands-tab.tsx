import { Button, Form, FormGroup, TextInput } from "@patternfly/react-core";
import { useState } from "react";

import { Failure, Loading } from "@/components/states";
import { useGetCommand } from "@/generated/api";
import { ApiError } from "@/lib/http";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";
import { uuid } from "@/lib/search";

import { OutcomeFacts } from "@/features/operations/outcome-facts";
import type { OperationsSearch } from "@/features/operations/search";
import { OFTEN } from "@/features/operations/use-operations";

/** What became of a command, by its id. */
export function CommandsTab() {
  const { command } = useSearch<OperationsSearch>();
  return (
    <>
      <section className="panel" aria-labelledby="ops-command">
        <h2 id="ops-command">What became of a command</h2>
        <LookUp key={command} command={command} />
      </section>
      {command === undefined ? null : uuid(command) === undefined ? (
        <section className="panel" aria-live="polite">
          <p>This is no ID of a command: they are UUIDs.</p>
        </section>
      ) : (
        <Found id={command} />
      )}
    </>
  );
}

function LookUp({ command = "" }: { command: string | undefined }) {
  const setSearch = useSetSearch<OperationsSearch>();
  const [id, setId] = useState(command);
  return (
    <Form
      isHorizontal
      className="ops-look-up"
      onSubmit={(event) => {
        event.preventDefault();
        setSearch({ command: id.trim() || undefined });
      }}
    >
      <FormGroup label="Command ID" fieldId="ops-command-id">
        <div className="toolbar">
          <TextInput id="ops-command-id" className="ops-id-input mono" value={id} onChange={(_, value) => setId(value)} />
          <Button type="submit" isDisabled={id.trim() === ""}>
            Look up
          </Button>
        </div>
      </FormGroup>
      <p className="hint">
        An answer to a write names it, as the drawer of an event does. Outcomes are kept for 24 hours.
      </p>
    </Form>
  );
}

function Found({ id }: { id: string }) {
  const { data, error, refetch } = useGetCommand(id, {
    query: { refetchInterval: ({ state }) => (state.data?.outcome === "pending" ? OFTEN : false) },
  });
  const isUnknown = error instanceof ApiError && error.status === 404;
  const events = (
    <PageLink to="/events" search={{ correlation_id: id, from: "now-30d", to: undefined }}>
      Events that it has led to
    </PageLink>
  );
  if (isUnknown) {
    return (
      <section className="panel" aria-live="polite">
        <p>
          No outcome is kept of it: it has not been handled yet, was given over 24 hours ago, or was no command.{" "}
          {events}
        </p>
      </section>
    );
  }
  if (error && !data) return <Failure error={error} what="The outcome" onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <section className="panel" aria-label="Outcome" aria-live="polite">
      <OutcomeFacts outcome={data} />
      <p>{events}</p>
    </section>
  );
}
