import { useEffect, useEffectEvent, useRef } from "react";

import { usePreloaded } from "@/app/shell/use-preloaded";
import { parseEntity, type Entity } from "@/components/neighbourhood/entity";
import { COMMON, usePath, useSearch, useSetSearch } from "@/lib/place";

const loadPanel = () => import("@/components/neighbourhood/panel");
const BESIDE = window.matchMedia("(min-width: 62.01rem)");

/** The panel around what `near` in the URL names, beside whichever page is shown. */
export function Neighbourhood() {
  const { near } = useSearch();
  const setSearch = useSetSearch();
  const entity = near === undefined ? undefined : parseEntity(near);
  useWayOut(entity !== undefined, () => setSearch({ near: undefined }, { replace: true }));
  return usePreloaded(loadPanel, entity !== undefined, { entity: entity as Entity, onClose: () => setSearch({ near: undefined }) });
}

/** Where it lies over the whole page, it gives way to another one that was opened from it. */
function useWayOut(isOpen: boolean, close: () => void): void {
  const path = usePath();
  const own = Object.entries(useSearch()).filter(([name]) => !COMMON.some((common) => common === name));
  const shown = JSON.stringify([path, own]);
  const before = useRef({ shown, isOpen });
  const leave = useEffectEvent(close);
  useEffect(() => {
    // Back brings the panel again together with the page that it was over.
    const isLeft = isOpen && before.current.isOpen && before.current.shown !== shown;
    before.current = { shown, isOpen };
    if (isLeft && !BESIDE.matches) leave();
  }, [shown, isOpen]);
}

/** Follows the first link to what is around something: of what is open beside the page, otherwise of the page. */
export function openNear(): boolean {
  const all = [...document.querySelectorAll<HTMLElement>("#page [data-near]")];
  const link = all.find((each) => each.closest(".drawer") !== null) ?? all[0];
  link?.click();
  return link !== undefined;
}
