import { useRef } from "react";
import { useQueryClient } from "@tanstack/react-query";

import { InlineFailure } from "@/components/states";
import { ImportChoice, type Chosen } from "@/features/clusters/add/import-choice";
import { ImportDone } from "@/features/clusters/add/import-done";
import { KubeconfigInput } from "@/features/clusters/add/kubeconfig-input";
import { PendingNotice } from "@/features/clusters/shared/pending-notice";
import { isPending } from "@/features/clusters/shared/outcome";
import { useSecretly } from "@/features/clusters/shared/secretly";
import { importClusters } from "@/generated/api";

/** Every context of a kubeconfig, with its credentials: looked at first, registered then. */
export function KubeconfigWay({ disabled }: { disabled: string | undefined }) {
  const client = useQueryClient();
  // Only here between the two steps: no state, no cache, no storage holds it.
  const kubeconfig = useRef<string>(undefined);
  const look = useSecretly((text: string) => importClusters({ kubeconfig: text, dry_run: true }));
  const take = useSecretly(
    (chosen: Chosen) => importClusters({ ...chosen, kubeconfig: kubeconfig.current ?? null }),
    {
      onSuccess: () => {
        kubeconfig.current = undefined;
        void client.invalidateQueries();
      },
    },
  );
  const restart = () => {
    kubeconfig.current = undefined;
    look.reset();
    take.reset();
  };
  if (isPending(take.data) || isPending(look.data)) return <PendingNotice />;
  if (take.data) return <ImportDone result={take.data} onAgain={restart} />;
  if (look.data) {
    return (
      <ImportChoice
        found={look.data}
        what="context"
        good="Lets the hub in"
        disabled={disabled}
        isPending={take.isPending || look.isPending}
        error={take.error}
        onImport={take.give}
        onAgain={() => {
          take.reset();
          look.give(kubeconfig.current ?? "");
        }}
        onBack={restart}
      />
    );
  }
  return (
    <div className="clusters-steps">
      <p>
        Each context of a kubeconfig becomes a cluster. The hub tries every one first and says what it
        finds, then you choose.
      </p>
      {look.error ? <InlineFailure error={look.error} what="This kubeconfig cannot be used" /> : null}
      <KubeconfigInput
        isPending={look.isPending}
        disabled={disabled}
        onGiven={(text) => {
          kubeconfig.current = text;
          look.give(text);
        }}
      />
    </div>
  );
}
