import { Button, Modal, ModalBody, ModalFooter, ModalHeader, Tooltip } from "@patternfly/react-core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { InlineFailure } from "@/components/states";
import { getListProjectionsQueryKey, useRebuildProjection } from "@/generated/api";
import { useAsOf } from "@/lib/moment";

interface RebuildProps {
  name: string;
  isUnderWay: boolean;
}

/** Has a projection built anew, after saying what that does. */
export function Rebuild({ name, isUnderWay }: RebuildProps) {
  const [asked, setAsked] = useState(false);
  const { as_of } = useAsOf();
  const client = useQueryClient();
  const rebuild = useRebuildProjection({
    mutation: {
      onSuccess: async () => {
        setAsked(false);
        await client.invalidateQueries({ queryKey: getListProjectionsQueryKey() });
      },
    },
  });
  const why = as_of
    ? "You look at the past: go back to now to rebuild"
    : isUnderWay
      ? "Its next build is under way"
      : undefined;
  const button = (
    <Button
      variant="secondary"
      size="sm"
      aria-label={`Rebuild ${name}`}
      isAriaDisabled={why !== undefined}
      onClick={() => setAsked(true)}
    >
      Rebuild
    </Button>
  );
  return (
    <div className="ops-rebuild">
      <span role="status" className="hint">
        {rebuild.isSuccess ? (isUnderWay ? "Rebuild is under way" : "Rebuild was taken") : null}
      </span>
      {why === undefined ? button : <Tooltip content={why}>{button}</Tooltip>}
      <Modal
        isOpen={asked}
        variant="small"
        aria-labelledby="ops-rebuild-title"
        aria-describedby="ops-rebuild-body"
        onClose={() => setAsked(false)}
      >
        <ModalHeader title={`Rebuild ${name}?`} labelId="ops-rebuild-title" />
        <ModalBody id="ops-rebuild-body">
          <p>
            A new build is made from the log beside the live one, which serves on unchanged. When it has caught up the
            two are switched. Nothing is lost, and pages notice nothing but the load on the database.
          </p>
          {rebuild.error ? <InlineFailure error={rebuild.error} what="The rebuild was not begun" /> : null}
        </ModalBody>
        <ModalFooter>
          <Button isLoading={rebuild.isPending} isDisabled={rebuild.isPending || why !== undefined} onClick={() => rebuild.mutate({ name })}>
            Rebuild
          </Button>
          <Button variant="link" onClick={() => setAsked(false)}>
            Leave it
          </Button>
        </ModalFooter>
      </Modal>
    </div>
  );
}
