import { focusFilter, moveRow, press } from "@/app/keyboard/on-page";
import { useShortcuts } from "@/app/keyboard/use-shortcuts";
import { openNear } from "@/app/shell/neighbourhood";
import { useOverlay } from "@/app/shell/overlay";
import { useCopyLink } from "@/app/shell/use-copy-link";
import { usePreloaded } from "@/app/shell/use-preloaded";
import { useZoomOut } from "@/app/shell/use-zoom-out";
import { useTravel } from "@/app/time-machine/use-travel";

const loadPalette = () => import("@/app/palette/palette");
const loadShortcuts = () => import("@/app/shell/shortcuts");

/** The keys that count on every page, and what they open. `onNavigation`: folds it, or unfolds it. */
export function Keyboard({ onNavigation }: { onNavigation: () => void }) {
  const { shown, show, hide } = useOverlay();
  const { goLive } = useTravel();
  const copyLink = useCopyLink();
  const zoomOut = useZoomOut();
  useShortcuts({
    palette: () => (shown === "palette" ? hide() : show("palette")),
    jump: () => show("palette", ":"),
    help: () => show("shortcuts"),
    navigation: onNavigation,
    filter: focusFilter,
    near: openNear,
    "next-row": () => moveRow("j"),
    "previous-row": () => moveRow("k"),
    "live-pause": () => press("."),
    "time-machine": () => show("time-machine"),
    "go-live": goLive,
    "play-pause": () => press("p"),
    "previous-event": () => press("<"),
    "next-event": () => press(">"),
    "copy-link": copyLink,
    "zoom-out": zoomOut,
    notifications: () => (shown === "notifications" ? hide() : show("notifications")),
  });
  const palette = usePreloaded(loadPalette, shown === "palette", { onClose: hide });
  const shortcuts = usePreloaded(loadShortcuts, shown === "shortcuts", { onClose: hide });
  return palette ?? shortcuts;
}
