import { useEffect, useState, type ComponentType } from "react";

import { useOverlay, type Overlay } from "@/app/shell/overlay";
import { whenIdle } from "@/lib/when-idle";

const load = () => import("@/app/notifications/bell");

const isWanted = ({ shown }: { shown: Overlay | undefined }): boolean => shown === "notifications";
const giveUp = () => {
  const overlay = useOverlay.getState();
  if (isWanted(overlay)) overlay.hide();
};

/** The bell, as soon as there is nothing else to do: no page waits for it. */
export function BellLater() {
  const [loaded, setLoaded] = useState<{ Bell: ComponentType }>();
  const wanted = useOverlay(isWanted);
  const missing = loaded === undefined;
  useEffect(() => {
    if (!missing) return;
    const begin = (failed: () => void) => void load().then(setLoaded, failed);
    // What is not there must not keep the keys to itself; a script that does not come now is asked for when it is wanted.
    if (wanted) begin(giveUp);
    return wanted ? undefined : whenIdle(() => begin(() => {}));
  }, [wanted, missing]);
  return loaded === undefined ? <span className="bell-to-come" aria-hidden="true" /> : <loaded.Bell />;
}
