/** What is registered about a cluster, as a form; nobody's change is overwritten unseen. */

import { Alert, Button, Form } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { NotYours } from "@/components/not-yours";
import { adviceOn } from "@/components/states";
import { changesOf, patchOf } from "@/features/clusters/detail/changes";
import type { ClusterSearch } from "@/features/clusters/search";
import { useAllowed } from "@/features/clusters/shared/allowed";
import { draftOf, problemsOf, refusedFields, type Draft } from "@/features/clusters/shared/draft";
import { isPending } from "@/features/clusters/shared/outcome";
import { PendingNotice } from "@/features/clusters/shared/pending-notice";
import { RegistrationFields } from "@/features/clusters/shared/registration-fields";
import { patchCluster } from "@/generated/api";
import type { ClusterView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useSetSearch } from "@/lib/place";

export function EditTab({ cluster }: { cluster: ClusterView }) {
  const { manages, notNow } = useAllowed(cluster.id);
  if (!manages) {
    return <NotYours title="You may not change this">Clusters are registered and edited by their administrators.</NotYours>;
  }
  return <EditForm cluster={cluster} notNow={notNow} />;
}

interface EditFormProps {
  cluster: ClusterView;
  /** Why nothing can be saved now. */
  notNow: string | undefined;
}

function EditForm({ cluster, notNow }: EditFormProps) {
  const client = useQueryClient();
  const setSearch = useSetSearch<ClusterSearch>();
  // What the form began with: what others change meanwhile is told, not mixed in.
  const [base, setBase] = useState(cluster);
  const [draft, setDraft] = useState<Draft>(() => draftOf(cluster));
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      patchCluster(base.id, patchOf(draftOf(base), draft), { headers: { "If-Match": `"${base.version}"` } }),
    onSuccess: (answer) => {
      void client.invalidateQueries();
      if (isPending(answer)) return;
      setSearch({ tab: "overview" });
    },
    // Somebody was faster: what they wrote has to be seen.
    onError: (error) => {
      if (isStale(error)) void client.invalidateQueries();
    },
  });
  const here = problemsOf(draft);
  const refused = isStale(save.error) ? {} : refusedFields(save.error);
  const problems = tried ? { ...refused, ...here } : {};
  const mine = changesOf(draftOf(base), draft);
  const load = () => {
    setBase(cluster);
    setDraft(draftOf(cluster));
    setTried(false);
    save.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const wrong = Object.keys(here)[0];
    if (wrong === undefined) save.mutate();
    else document.getElementById(wrong)?.focus();
  };
  if (isPending(save.data)) return <PendingNotice />;
  return (
    <Form onSubmit={submit} noValidate className="clusters-form">
      {cluster.version > base.version ? (
        <Others
          base={base}
          now={cluster}
          mine={mine.map(({ field }) => field)}
          onLoad={load}
          onKeep={() => {
            // Their values of what this form has not touched, and its own of the rest.
            const touched = Object.fromEntries(mine.map(({ key }) => [key, draft[key]]));
            setBase(cluster);
            setDraft({ ...draftOf(cluster), ...touched });
            save.reset();
          }}
        />
      ) : isStale(save.error) ? (
        <Alert isInline component="p" variant="warning" title="Somebody has changed it meanwhile">
          Their change is being read.
        </Alert>
      ) : null}
      <RegistrationFields
        draft={draft}
        problems={problems}
        disabled={notNow !== undefined}
        onChange={(changed) => setDraft({ ...draft, ...changed })}
      />
      {save.error && !isStale(save.error) ? (
        <Alert isInline component="p" variant="danger" title="Not saved">
          {save.error.message} {adviceOn(save.error)}
        </Alert>
      ) : null}
      <div className="clusters-line">
        <Button
          type="submit"
          isLoading={save.isPending}
          isDisabled={mine.length === 0 || save.isPending || notNow !== undefined}
        >
          Save
        </Button>
        <Button variant="link" isDisabled={mine.length === 0} onClick={load}>
          Undo the changes
        </Button>
        <span className="hint" aria-live="polite">
          {notNow ?? (mine.length > 0 ? `Changed: ${mine.map(({ field }) => field).join(", ")}` : "Nothing is changed.")}
        </span>
      </div>
    </Form>
  );
}

const isStale = (error: Error | null): boolean =>
  error instanceof ApiError && (error.status === 412 || error.code === "VERSION_CONFLICT");

interface OthersProps {
  base: ClusterView;
  now: ClusterView;
  /** What this form has changed. */
  mine: readonly string[];
  onLoad: () => void;
  onKeep: () => void;
}

function Others({ base, now, mine, onLoad, onKeep }: OthersProps) {
  const theirs = changesOf(draftOf(base), draftOf(now));
  return (
    <Alert
      isInline
      component="p"
      variant="warning"
      title="Somebody has changed it meanwhile"
      actionLinks={
        <>
          <Button variant="link" isInline onClick={onLoad}>
            Load it anew
          </Button>
          {mine.length > 0 ? (
            <Button variant="link" isInline onClick={onKeep}>
              Keep my changes on top of theirs
            </Button>
          ) : null}
        </>
      }
    >
      <ul className="clusters-todo">
        {theirs.map(({ field, before, after }) => (
          <li key={field}>
            <strong>{field}</strong>: {before || "empty"} → {after || "empty"}
            {mine.includes(field) ? " (you have changed it too)" : ""}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
