import { useMemo } from "react";

import { written } from "@/app/time-machine/instants";
import { useAsOf } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";

/** Where in time one is, and how to go elsewhere. Dragging and playing replace, a jump can be taken back. */
export function useTravel() {
  const { as_of } = useAsOf();
  const setSearch = useSetSearch();
  return useMemo(
    () => ({
      as_of,
      go: (at: number, how?: { replace?: boolean }) => setSearch({ as_of: written(Math.min(at, Date.now())) }, how),
      goLive: () => setSearch({ as_of: undefined }),
    }),
    [as_of, setSearch],
  );
}
