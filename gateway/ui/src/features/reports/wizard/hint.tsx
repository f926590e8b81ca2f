import { FormHelperText, HelperText, HelperTextItem } from "@patternfly/react-core";
import type { ReactNode } from "react";

/** What helps with a field, or in its place what is wrong with it. */
export function Hint({ id, problem, children }: { id?: string; problem?: string | undefined; children?: ReactNode }) {
  return (
    <FormHelperText>
      <HelperText {...(id === undefined ? {} : { id })} isLiveRegion={problem !== undefined}>
        <HelperTextItem variant={problem === undefined ? "default" : "error"}>{problem ?? children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}
