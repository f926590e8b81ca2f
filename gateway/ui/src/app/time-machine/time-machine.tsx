import { Button } from "@patternfly/react-core";
import { HistoryIcon } from "@patternfly/react-icons";
import { useRef } from "react";

import { useOverlay } from "@/app/shell/overlay";
import { usePreloaded } from "@/app/shell/use-preloaded";
import { useTravel } from "@/app/time-machine/use-travel";
import { useLiveState } from "@/lib/live";
import { useClock } from "@/lib/moment";

const load = () => import("@/app/time-machine/instant-popover");

/** Live, or the instant of the past that every page shows; opens what changes that. */
export function TimeMachine() {
  const { shown, show, hide } = useOverlay();
  const { as_of } = useTravel();
  const clock = useClock();
  const open = shown === "time-machine";
  const trigger = useRef<HTMLButtonElement>(null);
  const popover = usePreloaded(load, open, { trigger, onClose: hide });
  const lost = useLiveState(({ connection }) => connection === "reconnecting" || connection === "refused");
  const live = lost ? "Not live" : "Live";
  return (
    <>
      <Button
        ref={trigger}
        variant="control"
        className={as_of === undefined ? "time-machine" : "time-machine is-past"}
        aria-keyshortcuts="t"
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => (open ? hide() : show("time-machine"))}
        aria-label={as_of === undefined ? `${live}: go to a past instant` : `The past, ${clock(as_of)}: change it`}
        icon={as_of === undefined ? <span className={`time-machine-dot ${lost ? "is-lost" : ""}`} aria-hidden="true" /> : <HistoryIcon />}
      >
        <span className="time-machine-words">{as_of === undefined ? live : clock(as_of).slice(5, 16)}</span>
      </Button>
      {popover}
    </>
  );
}
