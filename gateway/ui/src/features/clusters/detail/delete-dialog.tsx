import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { InlineFailure } from "@/components/states";
import { TextField } from "@/features/clusters/shared/fields";
import { deleteCluster } from "@/generated/api";
import type { ClusterView } from "@/generated/api.schemas";
import { useGo } from "@/lib/place";

/** A cluster goes only when its name is typed: its credentials cannot be had back. */
export function DeleteDialog({ cluster, onClose }: { cluster: ClusterView; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const client = useQueryClient();
  const go = useGo();
  const remove = useMutation({
    mutationFn: () => deleteCluster(cluster.id),
    onSuccess: () => {
      go("/clusters");
      void client.invalidateQueries({ predicate: ({ queryKey }) => !String(queryKey[0]).includes(cluster.id) });
    },
  });
  const right = typed.trim() === cluster.name;
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="delete-title">
      <ModalHeader title={`Delete ${cluster.name}?`} labelId="delete-title" titleIconVariant="warning" />
      <ModalBody>
        <Form
          id="delete-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (right) remove.mutate();
          }}
        >
          <p>
            It leaves the fleet and is not checked any more. Its credentials are destroyed and cannot be
            had back. Its history stays readable. Nothing changes on the cluster itself.
          </p>
          <TextField
            id="delete-name"
            label={`Type ${cluster.name} to delete it`}
            value={typed}
            onChange={setTyped}
          />
          {remove.error ? <InlineFailure error={remove.error} what="Not deleted" /> : null}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form="delete-form"
          variant="danger"
          isLoading={remove.isPending}
          isDisabled={!right || remove.isPending}
        >
          Delete the cluster
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
