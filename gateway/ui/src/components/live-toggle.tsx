import { Button } from "@patternfly/react-core";
import { PauseIcon, PlayIcon } from "@patternfly/react-icons";

import { useAsOf } from "@/lib/moment";
import { count } from "@/lib/format";
import { useLiveState } from "@/lib/live";

interface LiveToggleProps {
  paused: boolean;
  /** How many are new and not shown, as the list is held. */
  waiting: number;
  /** More than so many are not counted. */
  most?: number;
  /** What it says while live, where it is not by the hub's stream. */
  live?: string;
  onChange: (paused: boolean) => void;
}

/** Live, or held with the count of what is new; nothing of it while the past is shown. */
export function LiveToggle({ paused, waiting, most = 1_000, live, onChange }: LiveToggleProps) {
  const { as_of } = useAsOf();
  const lost = useLiveState(({ connection }) => connection === "reconnecting" || connection === "refused");
  if (as_of !== undefined) return null;
  const cut = lost && live === undefined;
  const fresh = waiting > 0 ? ` · ${count(Math.min(waiting, most))}${waiting >= most ? "+" : ""} new` : "";
  return (
    <Button
      variant="secondary"
      className={paused || cut ? "live-toggle" : "live-toggle is-live"}
      aria-pressed={paused}
      aria-keyshortcuts="."
      icon={paused ? <PlayIcon /> : <PauseIcon />}
      onClick={() => onChange(!paused)}
    >
      {paused ? `Paused${fresh}` : waiting > 0 ? `Held${fresh}` : cut ? "Not live now" : (live ?? "Live")}
    </Button>
  );
}
