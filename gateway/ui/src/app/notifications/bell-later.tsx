import { useEffect, useState, type ComponentType } from "react";

import { whenIdle } from "@/app/shell/use-preloaded";

const load = () => import("@/app/notifications/bell");

/** The bell, as soon as there is nothing else to do: no page waits for it. */
export function BellLater() {
  const [loaded, setLoaded] = useState<{ Bell: ComponentType }>();
  useEffect(() => whenIdle(() => void load().then(setLoaded, () => {})), []);
  return loaded === undefined ? <span className="bell-to-come" aria-hidden="true" /> : <loaded.Bell />;
}
