/** How the hub logs in to a cluster: what may be known of that, and how it is changed. */

import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader, Tooltip } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Facts } from "@/components/facts";
import { InlineFailure } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { CredentialsForm } from "@/features/clusters/detail/credentials-form";
import { useAllowed } from "@/features/clusters/shared/allowed";
import { SPOKEN } from "@/features/clusters/shared/health";
import { isPending } from "@/features/clusters/shared/outcome";
import { ValidationList } from "@/features/clusters/shared/validation-list";
import { deleteCredentials, validateCredentials } from "@/generated/api";
import type { AuthType, ClusterView, CredentialsView, Renewal } from "@/generated/api.schemas";
import { useNow } from "@/lib/moment";
import { lasting } from "@/lib/time";

const KINDS: Readonly<Record<AuthType, string>> = {
  KUBECONFIG: "Kubeconfig",
  SERVICE_ACCOUNT: "Token of a service account",
  OIDC: "OpenID Connect client",
};
const RENEWALS: Readonly<Record<Renewal, string>> = {
  NOT_NEEDED: "Not needed",
  AUTOMATIC: "By the hub, in time",
  BY_HAND: "By hand: rotate them before they end; a warning comes 7 days ahead",
};

export function CredentialsTab({ cluster }: { cluster: ClusterView }) {
  const [form, setForm] = useState<"rotate" | "replace">();
  const { manages, notNow } = useAllowed(cluster.id);
  const { credentials } = cluster;
  if (credentials === null) {
    return (
      <>
        <Alert isInline component="p" variant="info" title="It has no credentials">
          Its API server is not checked and nothing is discovered. Backends that answer anybody are asked.
        </Alert>
        {manages ? (
          <CredentialsForm cluster={cluster} mode="add" disabled={notNow} onDone={() => setForm(undefined)} />
        ) : (
          <p className="hint">Its administrators can give it some.</p>
        )}
      </>
    );
  }
  return (
    <>
      <Known cluster={cluster} credentials={credentials} manages={manages} disabled={notNow} onChange={setForm} />
      {form && manages ? (
        <CredentialsForm
          key={form}
          cluster={cluster}
          mode={form}
          disabled={notNow}
          onDone={() => setForm(undefined)}
          onCancel={() => setForm(undefined)}
        />
      ) : null}
    </>
  );
}

interface KnownProps {
  cluster: ClusterView;
  credentials: CredentialsView;
  /** They may be changed. */
  manages: boolean;
  /** Why not now. */
  disabled: string | undefined;
  onChange: (how: "rotate" | "replace") => void;
}

function Known({ cluster, credentials, manages, disabled, onChange }: KnownProps) {
  const client = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const validate = useMutation({
    mutationFn: () => validateCredentials(cluster.id, null),
    onSettled: () => client.invalidateQueries(),
  });
  const actions = (
    <>
      <Button
        variant="secondary"
        isLoading={validate.isPending}
        isAriaDisabled={disabled !== undefined || validate.isPending}
        onClick={() => validate.mutate()}
      >
        {validate.isPending ? "Trying them" : "Try them now"}
      </Button>
      <Button variant="secondary" isAriaDisabled={disabled !== undefined} onClick={() => onChange("rotate")}>
        Rotate
      </Button>
      <Button variant="link" isAriaDisabled={disabled !== undefined} onClick={() => onChange("replace")}>
        Replace all
      </Button>
      <Button variant="link" isDanger isAriaDisabled={disabled !== undefined} onClick={() => setDeleting(true)}>
        Delete
      </Button>
    </>
  );
  return (
    <>
      {credentials.warning ? <Alert isInline component="p" variant="warning" title={credentials.warning} /> : null}
      <section className="panel" aria-labelledby="login">
        <h2 id="login">Login</h2>
        <Facts
          of={[
            ["Kind", KINDS[credentials.auth_type]],
            ["Given", <At key="given" at={credentials.created_at} />],
            ["Rotated", credentials.rotated_at ? <At key="rotated" at={credentials.rotated_at} /> : undefined],
            ["Ends", <Ends key="ends" at={credentials.expires_at} />],
            ["Renewal", RENEWALS[credentials.renewal]],
            [
              "Own logins of",
              credentials.backends.length > 0
                ? credentials.backends.map((each) => SPOKEN[each]).join(", ")
                : "no backend",
            ],
            ["Fingerprint", <span key="print" className="mono clusters-url">{credentials.fingerprint}</span>],
          ]}
        />
        {manages ? (
          <div className="clusters-line clusters-note">
            {disabled ? (
              <Tooltip content={disabled}>
                <span className="clusters-line">{actions}</span>
              </Tooltip>
            ) : (
              actions
            )}
          </div>
        ) : null}
      </section>
      <section className="panel" aria-labelledby="taken" aria-live="polite">
        <h2 id="taken">Validation on every endpoint</h2>
        <ValidationList of={credentials.validation} />
        <p className="hint clusters-note">
          Tried <Ago at={credentials.validated_at} />
          {isPending(validate.data) ? "; the trial goes on." : ""}
        </p>
        {validate.error ? <InlineFailure error={validate.error} what="They could not be tried" /> : null}
      </section>
      {deleting ? <DeleteCredentials cluster={cluster} onClose={() => setDeleting(false)} /> : null}
    </>
  );
}

function Ends({ at }: { at: string | null | undefined }) {
  const now = useNow(60_000);
  if (!at) return <span className="quiet">no end is known</span>;
  const left = Date.parse(at) - now;
  return (
    <span>
      <At at={at} /> <span className="quiet">({left > 0 ? `in ${lasting(left)}` : "over"})</span>
    </span>
  );
}

function DeleteCredentials({ cluster, onClose }: { cluster: ClusterView; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteCredentials(cluster.id),
    onSuccess: async () => {
      await client.invalidateQueries();
      onClose();
    },
  });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="forget-title">
      <ModalHeader title={`Delete the credentials of ${cluster.name}?`} labelId="forget-title" titleIconVariant="warning" />
      <ModalBody>
        They are destroyed and cannot be had back. Until it gets others its API server is not checked and
        nothing is discovered. To exchange them without a gap, rotate them instead.
        {remove.error ? <InlineFailure error={remove.error} what="Not deleted" /> : null}
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={remove.isPending} isDisabled={remove.isPending} onClick={() => remove.mutate()}>
          Delete the credentials
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep them
        </Button>
      </ModalFooter>
    </Modal>
  );
}
