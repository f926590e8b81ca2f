import { useEffect, useEffectEvent, useState, type ComponentType, type ReactElement, createElement } from "react";

import { whenIdle } from "@/lib/when-idle";

type Opened<Props> = ComponentType<Props>;

/**
 * A component whose script is loaded when there is nothing else to do, or as soon as it is wanted.
 * Without `lazy`: once it is there it opens in the same frame, not after a Suspense that holds back.
 */
export function usePreloaded<Props extends { onClose: () => void }>(
  load: () => Promise<{ default: Opened<Props> }>,
  wanted: boolean,
  props: Props,
): ReactElement | null {
  const [loaded, setLoaded] = useState<{ what: Opened<Props> }>();
  const missing = loaded === undefined;
  // What is not there must not keep the keys to itself.
  const givenUp = useEffectEvent(() => props.onClose());
  useEffect(() => {
    if (!missing) return;
    const begin = (failed = () => {}) =>
      void load().then((module) => setLoaded({ what: module.default }), failed);
    if (wanted) begin(givenUp);
    // Without what an idle callback is given; a script that does not come now is asked for when it is wanted.
    return wanted ? undefined : whenIdle(() => begin());
  }, [load, wanted, missing]);
  return wanted && loaded ? createElement(loaded.what, props) : null;
}
