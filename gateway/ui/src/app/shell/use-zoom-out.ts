import { useCallback } from "react";

import { useRange, useAsOf } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import { zoomedOut } from "@/lib/time";

/** Doubles the time range of the page; Back zooms in again. */
export function useZoomOut(): () => void {
  const range = useRange();
  const { as_of } = useAsOf();
  const setSearch = useSetSearch();
  return useCallback(
    () => setSearch(zoomedOut(range, as_of === undefined ? Date.now() : Date.parse(as_of))),
    [range, as_of, setSearch],
  );
}
