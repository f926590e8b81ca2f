import "@/features/observability/run-button.css";

import { Button } from "@patternfly/react-core";
import { PlayIcon, StopIcon } from "@patternfly/react-icons";
import { useEffect, useState } from "react";

interface RunButtonProps {
  isWaiting: boolean;
  isDisabled: boolean;
  onRun: () => void;
  onCancel: () => void;
}

/** Runs; while an answer is long in coming, cancels. */
export function RunButton({ isWaiting, isDisabled, onRun, onCancel }: RunButtonProps) {
  const late = useLong(isWaiting);
  // One button, whatever it says: who has pressed it by keyboard stays on it.
  return (
    <Button
      className="run-button"
      variant={late ? "secondary" : "primary"}
      icon={late ? <StopIcon /> : <PlayIcon />}
      isDisabled={isDisabled && !late}
      onClick={late ? onCancel : onRun}
    >
      {late ? "Cancel" : "Run"}
    </Button>
  );
}

const LONG_MS = 300;

/** It has been so for a while: what is answered at once needs no other button. */
function useLong(is: boolean): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!is) return;
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [is]);
  return is && long;
}
