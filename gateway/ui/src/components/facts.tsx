import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from "@patternfly/react-core";
import type { ReactNode } from "react";

/** Names and values; what is undefined is left out. */
export function Facts({ of, columns = 1 }: { of: readonly (readonly [string, ReactNode])[]; columns?: 1 | 2 | 3 }) {
  return (
    <DescriptionList isCompact isHorizontal={columns === 1} columnModifier={{ md: columns === 1 ? "1Col" : "2Col", lg: `${columns}Col` }}>
      {of
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => (
          <DescriptionListGroup key={name}>
            <DescriptionListTerm>{name}</DescriptionListTerm>
            <DescriptionListDescription>{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}
