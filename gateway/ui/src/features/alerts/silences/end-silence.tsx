import { Button } from "@patternfly/react-core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { GuardedButton } from "@/features/alerts/silences/guarded-button";
import { useMaySilence } from "@/features/alerts/silences/may-silence";
import { useRemoveSilence } from "@/generated/api";
import type { ClusterSilence } from "@/generated/api.schemas";

/** Ends a silence, once that was said twice: it cannot be taken back. */
export function EndSilence({ silence }: { silence: Pick<ClusterSilence, "id" | "cluster_id"> }) {
  const client = useQueryClient();
  const { may, notNow } = useMaySilence(silence.cluster_id);
  const [sure, setSure] = useState(false);
  const end = useRemoveSilence({
    mutation: {
      onSettled: () => {
        setSure(false);
        void client.invalidateQueries({ predicate: ({ queryKey }) => isOfAlerts(queryKey[0]) });
      },
    },
  });
  if (!may) return null;
  if (end.isSuccess) return <span className="quiet">Ended</span>;
  if (!sure || notNow !== undefined) {
    return (
      <span className="alerts-end">
        <GuardedButton variant="link" isInline whyNot={notNow} isLoading={end.isPending} onClick={() => setSure(true)}>
          End now
        </GuardedButton>
        {end.error ? (
          <span role="alert" className="alerts-error cut" title={end.error.message}>
            Not ended: {end.error.message}
          </span>
        ) : null}
      </span>
    );
  }
  return (
    <span className="alerts-end">
      <Button
        variant="link"
        isInline
        isDanger
        isLoading={end.isPending}
        isDisabled={end.isPending}
        onClick={() => end.mutate({ silenceId: silence.id, params: { cluster_id: silence.cluster_id } })}
      >
        End this silence
      </Button>
      <Button variant="link" isInline onClick={() => setSure(false)}>
        Keep
      </Button>
    </span>
  );
}

/** What a silence changes: itself, and the alerts that it holds back. */
export function isOfAlerts(key: unknown): boolean {
  return typeof key === "string" && /^\/api\/v1\/(alerts|silences)(\/|$)/.test(key);
}
