import { Popover } from "@patternfly/react-core";
import type { RefObject } from "react";

import { InstantForm } from "@/app/time-machine/instant-form";

interface InstantPopoverProps {
  trigger: RefObject<HTMLButtonElement | null>;
  onClose: () => void;
}

export default function InstantPopover({ trigger, onClose }: InstantPopoverProps) {
  return (
    <Popover
      aria-label="Time machine"
      className="header-popover"
      showClose={false}
      position="bottom-end"
      minWidth="19rem"
      maxWidth="calc(100vw - 1rem)"
      triggerRef={trigger}
      isVisible
      shouldClose={onClose}
      bodyContent={() => <InstantForm onDone={onClose} />}
    />
  );
}
