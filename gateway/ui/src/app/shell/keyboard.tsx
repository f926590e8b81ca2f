import { lazy, Suspense } from "react";
import { useHotkeys } from "react-hotkeys-hook";

import { useOverlay } from "@/app/shell/overlay";
import { PAGES } from "@/lib/pages";
import { useGo } from "@/lib/place";

const Palette = lazy(() => import("@/app/palette/palette"));
const Shortcuts = lazy(() => import("@/app/shell/shortcuts"));

/** The keys that count on every page, and what they open. */
export function Keyboard() {
  const { shown, show, hide } = useOverlay();
  const go = useGo();
  useHotkeys("mod+k", () => show("palette"), { preventDefault: true, enableOnFormTags: true });
  useHotkeys("shift+slash", () => show("shortcuts"), { preventDefault: true });
  useHotkeys(
    PAGES.map(({ key }) => `g>${key}`),
    (_, { keys }) => {
      const page = PAGES.find(({ key }) => key === keys?.at(-1));
      if (page) go(page.to);
    },
  );
  return (
    <Suspense>
      {shown === "palette" ? <Palette onClose={hide} /> : null}
      {shown === "shortcuts" ? <Shortcuts onClose={hide} /> : null}
    </Suspense>
  );
}
