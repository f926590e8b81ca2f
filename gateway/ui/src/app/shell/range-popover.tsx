import { Button, Form, FormGroup, Popover, SimpleList, SimpleListItem, TextInput } from "@patternfly/react-core";
import { useState, type RefObject } from "react";

import { DEFAULT_RANGE, useClock, useNow, useRange } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import { useSettings, type Zone } from "@/lib/settings";
import { clockTime, describeRange, isRelative, parseInstant, readTyped, zoomedOut, type Range } from "@/lib/time";

const OFFERED = ["5m", "15m", "1h", "3h", "6h", "12h", "1d", "2d", "1w", "30d"];

interface RangePopoverProps {
  trigger: RefObject<HTMLButtonElement | null>;
  onClose: () => void;
}

/** Which range: those up to now, or one that is typed. */
export default function RangePopover({ trigger, onClose }: RangePopoverProps) {
  const range = useRange();
  const setSearch = useSetSearch();
  const pick = (picked: Range) => {
    const isDefault = picked.from === DEFAULT_RANGE.from && picked.to === DEFAULT_RANGE.to;
    setSearch(isDefault ? { from: undefined, to: undefined } : picked);
    onClose();
  };
  return (
    <Popover
      aria-label="Time range"
      className="header-popover"
      showClose={false}
      position="bottom-end"
      minWidth="22rem"
      triggerRef={trigger}
      isVisible
      shouldClose={onClose}
      bodyContent={() => <RangeForm range={range} onPick={pick} />}
    />
  );
}

function RangeForm({ range, onPick }: { range: Range; onPick: (range: Range) => void }) {
  const zone = useSettings((settings) => settings.zone);
  const now = useNow();
  const clock = useClock();
  const [typed, setTyped] = useState<Range>(() => ({ from: toType(range.from, zone), to: toType(range.to, zone) }));
  const start = readTyped(typed.from, zone, now);
  const end = readTyped(typed.to, zone, now);
  const wrong =
    start === undefined || end === undefined ? "One of these is no time." : start < end ? "" : "It ends before it begins.";
  return (
    <div className="range-form">
      <SimpleList aria-label="Ranges up to now" className="range-offered">
        {OFFERED.map((length) => {
          const offered = { from: `now-${length}`, to: "now" };
          return (
            <SimpleListItem
              key={length}
              isActive={offered.from === range.from && range.to === "now"}
              onClick={() => onPick(offered)}
            >
              {describeRange(offered, clock, now)}
            </SimpleListItem>
          );
        })}
      </SimpleList>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong === "") onPick({ from: fixed(typed.from, start), to: fixed(typed.to, end) });
        }}
      >
        {(["from", "to"] as const).map((which) => (
          <FormGroup key={which} label={which === "from" ? "From" : "To"} fieldId={`range-${which}`}>
            <TextInput
              id={`range-${which}`}
              value={typed[which]}
              validated={readTyped(typed[which], zone, now) === undefined ? "error" : "default"}
              onChange={(_, value) => setTyped({ ...typed, [which]: value })}
            />
          </FormGroup>
        ))}
        <p className="hint" aria-live="polite">
          {wrong === "" ? `now-6h, or 2026-01-31 12:00 (${zone === "utc" ? "UTC" : "local time"})` : wrong}
        </p>
        <Button type="submit" isDisabled={wrong !== ""}>
          Apply
        </Button>
        <Button variant="link" onClick={() => onPick(zoomedOut(range, now))}>
          Zoom out to twice as much
        </Button>
      </Form>
    </div>
  );
}

/** A fixed time as the clock of the settings shows it. */
function toType(text: string, zone: Zone): string {
  const at = isRelative(text) ? undefined : parseInstant(text, 0);
  return at === undefined ? text : clockTime(at, zone);
}

/** As it stands in the URL: a fixed time has its zone in it, so that others read the same. */
const fixed = (typed: string, at: number | undefined): string =>
  at === undefined || isRelative(typed) ? typed.trim() : new Date(at).toISOString();
