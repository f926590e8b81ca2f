import { useAsOf } from "@/lib/moment";
import { useRights } from "@/lib/rights";

interface MaySilence {
  /** Otherwise it is not offered. */
  may: boolean;
  /** Why silences cannot be made or ended now, whoever is here; undefined if they can. */
  notNow: string | undefined;
}

/** Whether silences of a cluster may be made and ended here. */
export function useMaySilence(cluster: string): MaySilence {
  const { as_of } = useAsOf();
  const { operates } = useRights();
  return {
    may: operates(cluster),
    notNow: as_of === undefined ? undefined : "The past cannot be changed: go back to live first",
  };
}
