import { Alert } from "@patternfly/react-core";
import { BellSlashIcon } from "@patternfly/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { InlineFailure } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { SilenceForm } from "@/features/alerts/detail/silence-form";
import { EndSilence, isOfAlerts } from "@/features/alerts/silences/end-silence";
import { GuardedButton } from "@/features/alerts/silences/guarded-button";
import { useMaySilence } from "@/features/alerts/silences/may-silence";
import { useListSilences, useRemoveSilence } from "@/generated/api";
import type { AlertView, SilenceMade } from "@/generated/api.schemas";
import { useAsOf, useClock } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { PageLink } from "@/lib/place";

/** Silences the alert, and takes that back. */
export function Silencing({ alert }: { alert: AlertView }) {
  const { may, notNow } = useMaySilence(alert.cluster_id);
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<{ made: SilenceMade | undefined }>();
  const canAsk = may && notNow === undefined && !asking && done === undefined;
  usePageActions(canAsk ? [{ name: "silence", title: `Silence ${alert.alertname}`, words: ["mute"], run: () => setAsking(true) }] : []);
  if (!may) return null;
  return (
    <>
      {asking && notNow === undefined ? (
        <SilenceForm
          alert={alert}
          onCancel={() => setAsking(false)}
          onDone={(made) => {
            setAsking(false);
            setDone({ made });
          }}
        />
      ) : done ? null : (
        <GuardedButton
          variant="secondary"
          size="sm"
          icon={<BellSlashIcon />}
          aria-keyshortcuts="s"
          whyNot={notNow}
          onClick={() => setAsking(true)}
        >
          Silence…
        </GuardedButton>
      )}
      <div aria-live="polite" className={done ? "alerts-done" : undefined}>
        {done ? <Done made={done.made} notNow={notNow} onUndone={() => setDone(undefined)} /> : null}
      </div>
    </>
  );
}

interface DoneProps {
  made: SilenceMade | undefined;
  /** Why it cannot be taken back now. */
  notNow: string | undefined;
  onUndone: () => void;
}

/** What became of it, and the way back. */
function Done({ made, notNow, onUndone }: DoneProps) {
  const client = useQueryClient();
  const clock = useClock();
  const undo = useRemoveSilence({
    mutation: {
      onSuccess: () => {
        void client.invalidateQueries({ predicate: ({ queryKey }) => isOfAlerts(queryKey[0]) });
        onUndone();
      },
    },
  });
  if (made === undefined) {
    return (
      <Alert isInline variant="info" title="On its way">
        The cluster has not confirmed the silence yet. It shows here as soon as it has.
      </Alert>
    );
  }
  return (
    <>
      <Alert
        isInline
        variant="success"
        title={`Silenced until ${clock(made.ends_at)}`}
        actionLinks={
          <GuardedButton
            variant="link"
            isInline
            whyNot={notNow}
            isLoading={undo.isPending}
            isDisabled={undo.isPending}
            onClick={() => undo.mutate({ silenceId: made.silence_id, params: { cluster_id: made.cluster_id } })}
          >
            Undo: end the silence
          </GuardedButton>
        }
      >
        {made.warnings.join(" ")}
      </Alert>
      {undo.error ? <InlineFailure error={undo.error} what="The silence was not ended" /> : null}
    </>
  );
}

/** What holds its notifications back. */
export function MutedBy({ alert }: { alert: AlertView }) {
  const { silenced_by, inhibited_by } = alert;
  if (silenced_by.length === 0 && inhibited_by.length === 0) return null;
  return (
    <section className="alerts-part">
      <h3>Nobody is notified of it</h3>
      {silenced_by.length > 0 ? <SilencedBy alert={alert} /> : null}
      {inhibited_by.length > 0 ? (
        <ul className="plain">
          {inhibited_by.map((fingerprint) => (
            <li key={fingerprint}>
              Inhibited by{" "}
              <PageLink to="/alerts" search={{ fingerprint, cluster_id: [alert.cluster_id] }}>
                another alert that stands for it
              </PageLink>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

function SilencedBy({ alert: { silenced_by, cluster_id } }: { alert: AlertView }) {
  const { as_of } = useAsOf();
  // Clusters tell of silences as they are now only.
  const { data } = useListSilences({ cluster_id: [cluster_id] }, { query: { enabled: as_of === undefined } });
  return (
    <ul className="plain alerts-silenced-by">
      {silenced_by.map((id) => {
        const known = data?.items.find((silence) => silence.id === id);
        return (
          <li key={id}>
            {known ? (
              <>
                Silenced by {known.created_by || "somebody"}, ends <Ago at={known.ends_at} />
                {known.comment ? `: ${known.comment}` : ""} <EndSilence silence={known} />
              </>
            ) : (
              <>
                Silence <span className="mono">{id}</span>
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}
