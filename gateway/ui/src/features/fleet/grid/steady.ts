/** An order that is taken anew now and then only: cells that jump about all the time cannot be read. */

import { useState } from "react";

import type { ClusterInFleet } from "@/generated/api.schemas";
import { hold } from "@/lib/held";
import { useAsOf, useNow } from "@/lib/moment";

const BETWEEN_MS = 3_000;
const idOf = ({ id }: ClusterInFleet) => id;

/** Each cluster as it is now; at its new place when some time has passed and the order is not held. */
export function useSteady(clusters: readonly ClusterInFleet[], held: boolean): readonly ClusterInFleet[] {
  const live = useAsOf().as_of === undefined;
  const beat = useNow(BETWEEN_MS);
  const [taken, setTaken] = useState({ beat, order: clusters });
  if (!held && taken.beat !== beat) setTaken({ beat, order: clusters });
  return live ? hold(taken.order, clusters, idOf).rows : clusters;
}
