import { Button, ToggleGroup, ToggleGroupItem, Tooltip } from "@patternfly/react-core";
import { PauseIcon, PlayIcon, StepBackwardIcon, StepForwardIcon } from "@patternfly/react-icons";

import { useSteps } from "@/app/time-machine/use-steps";
import { SPEEDS, usePlayback } from "@/lib/playback";

/** From event to event, or playing at a speed. */
export function Controls() {
  const { playing, speed, toggle } = usePlayback();
  const { step, nothing, failure } = useSteps();
  const said =
    failure !== null
      ? "The events could not be read."
      : nothing === "back"
        ? "There is no earlier event."
        : nothing === "forth"
          ? "There is no later event."
          : "";
  return (
    <div className="past-controls">
      <span role="status" className="past-said">
        {said}
      </span>
      <Tooltip content="To the previous event ( < )">
        <Button
          variant="plain"
          size="sm"
          aria-label="To the previous event"
          aria-keyshortcuts="<"
          icon={<StepBackwardIcon />}
          onClick={() => step("back")}
        />
      </Tooltip>
      <Tooltip content={playing ? "Pause ( p )" : "Play what happened then ( p )"}>
        <Button
          variant="plain"
          size="sm"
          aria-label={playing ? "Pause" : "Play"}
          aria-keyshortcuts="p"
          icon={playing ? <PauseIcon /> : <PlayIcon />}
          onClick={toggle}
        />
      </Tooltip>
      <Tooltip content="To the next event ( > )">
        <Button
          variant="plain"
          size="sm"
          aria-label="To the next event"
          aria-keyshortcuts=">"
          icon={<StepForwardIcon />}
          onClick={() => step("forth")}
        />
      </Tooltip>
      <ToggleGroup isCompact aria-label="Speed">
        {SPEEDS.map((each) => (
          <ToggleGroupItem
            key={each}
            text={`×${each}`}
            aria-label={`${each} times as fast`}
            isSelected={each === speed}
            onChange={() => usePlayback.setState({ speed: each })}
          />
        ))}
      </ToggleGroup>
    </div>
  );
}
