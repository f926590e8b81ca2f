import { Button } from "@patternfly/react-core";
import { PauseIcon, PlayIcon } from "@patternfly/react-icons";

import { useAsOf } from "@/lib/moment";
import { count } from "@/lib/format";

interface LiveToggleProps {
  paused: boolean;
  /** How many are new and not shown, as the list is held. */
  waiting: number;
  onChange: (paused: boolean) => void;
}

/** Live, or held with the count of what is new; nothing of it while the past is shown. */
export function LiveToggle({ paused, waiting, onChange }: LiveToggleProps) {
  const { as_of } = useAsOf();
  if (as_of !== undefined) return null;
  const fresh = waiting > 0 ? ` · ${count(waiting)} new` : "";
  return (
    <Button
      variant="secondary"
      className={paused ? "live-toggle" : "live-toggle is-live"}
      aria-pressed={paused}
      aria-keyshortcuts="."
      icon={paused ? <PlayIcon /> : <PauseIcon />}
      onClick={() => onChange(!paused)}
    >
      {paused ? `Paused${fresh}` : waiting > 0 ? `Held${fresh}` : "Live"}
    </Button>
  );
}
