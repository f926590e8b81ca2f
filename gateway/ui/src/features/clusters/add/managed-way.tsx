import { Button, Form, FormGroup, FormSelect, FormSelectOption } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useClusters } from "@/components/use-clusters";
import { InlineFailure } from "@/components/states";
import { ImportChoice, type Chosen } from "@/features/clusters/add/import-choice";
import { ImportDone } from "@/features/clusters/add/import-done";
import { isPending } from "@/features/clusters/shared/outcome";
import { PendingNotice } from "@/features/clusters/shared/pending-notice";
import { importClusters } from "@/generated/api";
import type { ImportRequest } from "@/generated/api.schemas";

/** Every ManagedCluster of an Open Cluster Management hub that is registered here. */
export function ManagedWay({ disabled }: { disabled: string | undefined }) {
  const client = useQueryClient();
  const clusters = useClusters();
  const [hub, setHub] = useState<string>();
  const of = (more: Partial<ImportRequest>): ImportRequest => ({
    source: "MANAGED_CLUSTERS",
    hub_cluster_id: hub ?? null,
    ...more,
  });
  const look = useMutation({ mutationFn: () => importClusters(of({ dry_run: true })) });
  const take = useMutation({
    mutationFn: (chosen: Chosen) => importClusters(of(chosen)),
    onSuccess: () => void client.invalidateQueries(),
  });
  const restart = () => {
    look.reset();
    take.reset();
  };
  if (isPending(take.data) || isPending(look.data)) return <PendingNotice />;
  if (take.data) return <ImportDone result={take.data} withoutLogin onAgain={restart} />;
  if (look.data) {
    return (
      <ImportChoice
        found={look.data}
        what="managed cluster"
        good="Can be registered"
        disabled={disabled}
        isPending={take.isPending || look.isPending}
        error={take.error}
        onImport={(chosen) => take.mutate(chosen)}
        onAgain={() => {
          take.reset();
          look.mutate();
        }}
        onBack={restart}
      />
    );
  }
  return (
    <Form
      className="clusters-form"
      onSubmit={(event) => {
        event.preventDefault();
        look.mutate();
      }}
    >
      <p>
        The hub of Open Cluster Management (or Red Hat Advanced Cluster Management) names its clusters.
        It must be registered here, with credentials that may list ManagedClusters. The clusters come
        without credentials: you give those then.
      </p>
      <FormGroup label="Its hub" fieldId="hub">
        <FormSelect id="hub" value={hub ?? ""} onChange={(_, id) => setHub(id || undefined)}>
          <FormSelectOption value="" label="Choose a registered cluster" isPlaceholder />
          {[...clusters.values()]
            .toSorted((a, b) => a.name.localeCompare(b.name))
            .map(({ id, name }) => (
              <FormSelectOption key={id} value={id} label={name} />
            ))}
        </FormSelect>
      </FormGroup>
      {look.error ? <InlineFailure error={look.error} what="The hub cannot be asked" /> : null}
      <div className="clusters-line">
        <Button
          type="submit"
          isLoading={look.isPending}
          isDisabled={hub === undefined || look.isPending || disabled !== undefined}
        >
          Look for its clusters
        </Button>
        <span className="hint">{disabled ?? "Nothing is registered yet."}</span>
      </div>
    </Form>
  );
}
