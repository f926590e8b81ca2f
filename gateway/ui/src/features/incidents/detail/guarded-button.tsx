import { Button, Tooltip, type ButtonProps } from "@patternfly/react-core";

interface GuardedButtonProps extends ButtonProps {
  /** Why it does nothing now; it can still be reached, so that this can be read. */
  whyNot: string | undefined;
}

/** A button that says why it cannot be used, where that is so. */
export function GuardedButton({ whyNot, ...button }: GuardedButtonProps) {
  if (whyNot === undefined) return <Button {...button} />;
  return (
    <Tooltip content={whyNot}>
      <Button {...button} isAriaDisabled />
    </Tooltip>
  );
}
