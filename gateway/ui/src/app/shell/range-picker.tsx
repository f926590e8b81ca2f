import { Button } from "@patternfly/react-core";
import { ClockIcon } from "@patternfly/react-icons";
import { useRef, useState } from "react";

import { usePreloaded } from "@/app/shell/use-preloaded";
import { useClock, useNow, useRange } from "@/lib/moment";
import { describeRange } from "@/lib/time";

const load = () => import("@/app/shell/range-popover");

/** The time range of every chart and list; it is in the URL. */
export function RangePicker() {
  const range = useRange();
  const now = useNow(30_000);
  const clock = useClock();
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const popover = usePreloaded(load, open, { trigger, onClose: () => setOpen(false) });
  const said = describeRange(range, (at) => clock(at).slice(5, 16), now);
  return (
    <>
      <Button
        ref={trigger}
        variant="control"
        icon={<ClockIcon />}
        className="range-toggle"
        aria-label={`Time range: ${said}`}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {said}
      </Button>
      {popover}
    </>
  );
}
