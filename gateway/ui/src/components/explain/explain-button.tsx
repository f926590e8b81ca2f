import { Button } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";

import { usePageActions } from "@/lib/page-actions";

interface ExplainButtonProps {
  onExplain: () => void;
  isDisabled?: boolean;
}

/** Beside a chart: opens what differs in its window from before. */
export function ExplainButton({ onExplain, isDisabled = false }: ExplainButtonProps) {
  usePageActions(isDisabled ? [] : [{ name: "explain", title: "Explain this window", words: ["chart", "differs", "why"], run: onExplain }]);
  return (
    <Button aria-keyshortcuts="w" variant="link" isInline icon={<SearchIcon />} isDisabled={isDisabled} onClick={onExplain}>
      Explain this window
    </Button>
  );
}
