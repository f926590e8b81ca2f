import { Alert, AlertActionCloseButton, AlertGroup } from "@patternfly/react-core";
import { create } from "zustand";

const SHOWN_MS = 4_000;

/** What was done by a key or in the palette, where nothing else shows it; one at a time, for a moment. */
const useToast = create<{ said: string | undefined; at: number }>(() => ({ said: undefined, at: 0 }));

export const tell = (said: string): void => useToast.setState({ said, at: Date.now() });

export function Toasts() {
  const { said, at } = useToast();
  const close = () => useToast.setState({ said: undefined });
  return (
    <AlertGroup isToast isLiveRegion aria-label="Done">
      {said === undefined ? null : (
        <Alert key={at} component="p" variant="info" title={said} timeout={SHOWN_MS} onTimeout={close} actionClose={<AlertActionCloseButton onClose={close} />} />
      )}
    </AlertGroup>
  );
}
