import { Button, Popover } from "@patternfly/react-core";
import { FilterIcon } from "@patternfly/react-icons";
import { Suspense } from "react";

import { lazily, useComingSoon } from "@/components/lazily";
import type { AboutFilterProps } from "@/features/events/about-form";

const FORM = lazily(() => import("@/features/events/about-form"), "AboutForm");
const SOON = [FORM];
const AboutForm = FORM.Part;

/** Filters by what one has the id of: an entity, or all that one command or poll has led to. */
export function AboutFilter({ filter, onChange }: AboutFilterProps) {
  useComingSoon(SOON);
  return (
    <Popover
      aria-label="Filter by entity or correlation"
      showClose={false}
      position="bottom-start"
      minWidth="20rem"
      bodyContent={(hide) => (
        <Suspense fallback={null}>
          <AboutForm
            filter={filter}
            onChange={(changed) => {
              onChange(changed);
              hide();
            }}
          />
        </Suspense>
      )}
    >
      <Button variant="control" icon={<FilterIcon />}>
        Entity or correlation
      </Button>
    </Popover>
  );
}
