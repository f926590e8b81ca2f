import { Button, Popover } from "@patternfly/react-core";
import { HistoryIcon } from "@patternfly/react-icons";

import { useOverlay } from "@/app/shell/overlay";
import { InstantForm } from "@/app/time-machine/instant-form";
import { useTravel } from "@/app/time-machine/use-travel";
import { useLiveState } from "@/lib/live";
import { useClock } from "@/lib/moment";

/** Live, or the instant of the past that every page shows; opens what changes that. */
export function TimeMachine() {
  const { shown, show, hide } = useOverlay();
  const { as_of } = useTravel();
  const clock = useClock();
  const open = shown === "time-machine";
  const lost = useLiveState(({ connection }) => connection === "reconnecting" || connection === "refused");
  const live = lost ? "Not live" : "Live";
  return (
    <Popover
      aria-label="Time machine"
      className="header-popover"
      showClose={false}
      position="bottom-end"
      minWidth="19rem"
      maxWidth="calc(100vw - 1rem)"
      isVisible={open}
      shouldOpen={() => show("time-machine")}
      shouldClose={() => {
        if (open) hide();
      }}
      bodyContent={() => <InstantForm onDone={hide} />}
    >
      <Button
        variant="control"
        className={as_of === undefined ? "time-machine" : "time-machine is-past"}
        aria-keyshortcuts="t"
        aria-label={as_of === undefined ? `${live}: go to a past instant` : `The past, ${clock(as_of)}: change it`}
        icon={as_of === undefined ? <span className={`time-machine-dot ${lost ? "is-lost" : ""}`} aria-hidden="true" /> : <HistoryIcon />}
      >
        <span className="time-machine-words">{as_of === undefined ? live : clock(as_of).slice(5, 16)}</span>
      </Button>
    </Popover>
  );
}
