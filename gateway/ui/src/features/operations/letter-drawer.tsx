import { Button, Tooltip } from "@patternfly/react-core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { useDropDeadLetter, useGetDeadLetter, useRetryDeadLetter } from "@/generated/api";
import type { DeadLetterItem } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { bytes } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

import { OutcomeFacts } from "@/features/operations/outcome-facts";

/** What such a letter says for its stream: nobody on the bus would take it again. */
const BY_HTTP = "HTTP";

interface LetterDrawerProps {
  id: number;
  onClose: () => void;
}

/** One dead letter: why, what it was, and what to do with it. */
export function LetterDrawer({ id, onClose }: LetterDrawerProps) {
  const { data, error, refetch } = useGetDeadLetter(id);
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <Drawer label="Dead letter" title={`Dead letter ${id}`} onClose={onClose}>
      {isGone ? (
        <p>It is not there any more: it was dropped, or has aged out.</p>
      ) : data ? (
        <div className="ops-detail">
          <p className="ops-why">{data.error}</p>
          <Decide key={id} letter={data} />
          <Letter letter={data} />
        </div>
      ) : error ? (
        <Failure error={error} what="The dead letter" onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </Drawer>
  );
}

function Letter({ letter }: { letter: DeadLetterItem }) {
  const { failed_at, stream, consumer, subject, original_sequence, retried, body, body_bytes, truncated } = letter;
  const sequence = original_sequence;
  return (
    <>
      <Facts
        of={[
          [
            "Failed",
            <>
              <At at={failed_at} /> (<Ago at={failed_at} />)
            </>,
          ],
          ["Stream", <code key="stream">{stream}</code>],
          ["Consumer", <code key="consumer">{consumer}</code>],
          ["Subject", <code key="subject" className="ops-id">{subject}</code>],
          [
            "Sequence",
            sequence === null ? undefined : stream === "EVT" ? (
              <PageLink to="/events" search={{ event: sequence }}>
                Event {sequence}
              </PageLink>
            ) : (
              sequence
            ),
          ],
          ["State", retried ? "Retried" : "Open"],
        ]}
      />
      <section>
        <h3>Body, {bytes(body_bytes)}</h3>
        {body === null ? (
          <p className="quiet">It is too large to be shown, or is not kept.</p>
        ) : (
          <pre className="ops-body" tabIndex={0} role="region" aria-label="Body">
            {readable(body)}
          </pre>
        )}
        {truncated && body !== null ? <p className="hint">Only its beginning is shown.</p> : null}
      </section>
    </>
  );
}

/** JSON as one reads it; other text as it is. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** Retry, or drop; dropping destroys, so it asks once more. */
function Decide({ letter }: { letter: DeadLetterItem }) {
  const { as_of } = useAsOf();
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const read = () =>
    client.invalidateQueries({
      predicate: ({ queryKey: [key] }) => typeof key === "string" && key.startsWith("/api/v1/dead-letters"),
    });
  const retry = useRetryDeadLetter({ mutation: { onSettled: read } });
  const drop = useDropDeadLetter({ mutation: { onSettled: read } });
  const letterId = letter.id;
  const isBusy = retry.isPending || drop.isPending;
  if (drop.isSuccess) return <p role="status">Dropped: it is listed no more.</p>;
  const isClosed = as_of !== undefined;
  const again = (
    <Button
      isAriaDisabled={isClosed}
      isDisabled={isBusy}
      isLoading={retry.isPending}
      onClick={() => retry.mutate({ letterId })}
    >
      {letter.retried ? "Retry once more" : "Retry"}
    </Button>
  );
  return (
    <section className="ops-decide" aria-label="What to do with it">
      {sure ? (
        <div className="ops-sure" role="group" aria-label="Drop it for good?">
          <p>It will not be handled, and its body is gone. This cannot be undone.</p>
          <div className="toolbar">
            <Button
              variant="danger"
              isDisabled={isBusy || isClosed}
              isLoading={drop.isPending}
              onClick={() => drop.mutate({ letterId })}
            >
              Drop for good
            </Button>
            <Button variant="link" onClick={() => setSure(false)}>
              Keep it
            </Button>
          </div>
        </div>
      ) : (
        <div className="toolbar">
          {letter.stream === BY_HTTP ? null : isClosed ? <Tooltip content="You look at the past: go back to now to retry or drop">{again}</Tooltip> : again}
          <Button variant="secondary" isDanger isDisabled={isBusy || isClosed} onClick={() => setSure(true)}>
            Drop…
          </Button>
        </div>
      )}
      {letter.stream === BY_HTTP ? (
        <p className="hint">It came by HTTP, so it cannot be given again here: whoever sent it has to.</p>
      ) : null}
      <div aria-live="polite">
        {retry.data ? (
          <>
            <h3>What the retry has led to</h3>
            <OutcomeFacts outcome={retry.data} />
          </>
        ) : null}
      </div>
      {retry.error ? <InlineFailure error={retry.error} what="It was not retried" /> : null}
      {drop.error ? <InlineFailure error={drop.error} what="It was not dropped" /> : null}
    </section>
  );
}
