import { Button, Popover, TextInput, Form, FormGroup, SimpleList, SimpleListItem } from "@patternfly/react-core";
import { ClockIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { DEFAULT_RANGE, useClock, useNow, useRange } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import { describeRange, parseInstant, type Range } from "@/lib/time";

const OFFERED = ["5m", "15m", "1h", "3h", "6h", "12h", "1d", "2d", "1w", "30d"];

/** The time range of every chart and list; it is in the URL. */
export function RangePicker() {
  const range = useRange();
  const now = useNow(30_000);
  const clock = useClock();
  const setSearch = useSetSearch();
  const pick = (picked: Range) => {
    const isDefault = picked.from === DEFAULT_RANGE.from && picked.to === DEFAULT_RANGE.to;
    setSearch(isDefault ? { from: undefined, to: undefined } : picked);
  };
  return (
    <Popover
      aria-label="Time range"
      showClose={false}
      position="bottom-end"
      minWidth="20rem"
      bodyContent={(hide) => (
        <RangeForm
          range={range}
          onPick={(picked) => {
            pick(picked);
            hide();
          }}
        />
      )}
    >
      <Button variant="control" icon={<ClockIcon />} className="range-toggle">
        {describeRange(range, (at) => clock(at).slice(5, 16), now)}
      </Button>
    </Popover>
  );
}

function RangeForm({ range, onPick }: { range: Range; onPick: (range: Range) => void }) {
  const [wanted, setWanted] = useState(range);
  const now = useNow();
  const clock = useClock();
  const start = parseInstant(wanted.from, now);
  const end = parseInstant(wanted.to, now);
  const good = start !== undefined && end !== undefined && start < end;
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
          if (good) onPick(wanted);
        }}
      >
        {(["from", "to"] as const).map((end) => (
          <FormGroup key={end} label={end === "from" ? "From" : "To"} fieldId={`range-${end}`}>
            <TextInput
              id={`range-${end}`}
              value={wanted[end]}
              validated={parseInstant(wanted[end], now) === undefined ? "error" : "default"}
              onChange={(_, value) => setWanted({ ...wanted, [end]: value })}
            />
          </FormGroup>
        ))}
        <p className="hint">`now-6h`, or a date and time: 2026-01-31 12:00</p>
        <Button type="submit" isDisabled={!good}>
          Apply
        </Button>
      </Form>
    </div>
  );
}
