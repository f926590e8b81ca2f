import { Button, FormGroup, Form, TextInput } from "@patternfly/react-core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { fromField, offered, toField } from "@/app/time-machine/instants";
import { latestChange } from "@/app/time-machine/steps";
import { useTravel } from "@/app/time-machine/use-travel";
import { whatHappened } from "@/lib/what-happened";
import { useClock, useWallClock } from "@/lib/moment";
import { whilePutOff } from "@/lib/query";
import { useSettings } from "@/lib/settings";
import { ago } from "@/lib/time";

/** Which instant to go to. */
export function InstantForm({ onDone }: { onDone: () => void }) {
  const { as_of, go, goLive } = useTravel();
  const zone = useSettings((settings) => settings.zone);
  const now = useWallClock();
  const [text, setText] = useState(() => toField(as_of === undefined ? now : Date.parse(as_of), zone));
  const wanted = fromField(text, zone);
  const wrong = wanted === undefined ? "Not a date and time." : wanted > now ? "That is still to come." : undefined;
  const jump = (at: number) => {
    go(at);
    onDone();
  };
  return (
    <div className="instant-form">
      {as_of === undefined ? (
        <p className="hint">Every page shows the fleet as it was then.</p>
      ) : (
        <Button
          isBlock
          onClick={() => {
            goLive();
            onDone();
          }}
        >
          Back to live
        </Button>
      )}
      <div className="instant-offered" role="group" aria-label="Go back">
        {offered(now, zone).map(({ label, at }) => (
          <Button key={label} variant="secondary" size="sm" onClick={() => jump(at)}>
            {label}
          </Button>
        ))}
      </div>
      <LatestChange onPick={jump} />
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== undefined && wrong === undefined) jump(wanted);
        }}
      >
        <FormGroup label={`Date and time (${zone === "utc" ? "UTC" : "local"})`} fieldId="instant">
          <TextInput
            id="instant"
            type="datetime-local"
            step={1}
            max={toField(now, zone)}
            value={text}
            validated={wrong === undefined ? "default" : "error"}
            aria-describedby="instant-wrong"
            onChange={(_, value) => setText(value)}
          />
          <p id="instant-wrong" className="hint instant-wrong" aria-live="polite">
            {wrong}
          </p>
        </FormGroup>
        <Button type="submit" variant="secondary" isDisabled={wrong !== undefined}>
          Go there
        </Button>
      </Form>
    </div>
  );
}

/** The instant before the newest event: what it was like when that had not happened yet. */
function LatestChange({ onPick }: { onPick: (at: number) => void }) {
  const now = useWallClock();
  const clock = useClock();
  const { data, isError } = useQuery({ queryKey: ["latest-change"], queryFn: latestChange, staleTime: 0, retry: whilePutOff });
  const words = data ? whatHappened(data.event) : isError ? "The events could not be read" : "No event yet";
  return (
    <Button
      variant="secondary"
      size="sm"
      className="instant-change"
      isDisabled={!data}
      onClick={() => data && onPick(data.at)}
    >
      Just before the latest change
      <span className="instant-change-what" title={data ? clock(data.event.timestamp) : undefined}>
        {words}
        {data ? ` · ${ago(Date.parse(data.event.timestamp), now)}` : ""}
      </span>
    </Button>
  );
}
