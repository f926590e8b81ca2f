import { Button } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";

interface ExplainButtonProps {
  onExplain: () => void;
  isDisabled?: boolean;
}

/** Beside a chart: opens what differs in its window from before. */
export function ExplainButton({ onExplain, isDisabled = false }: ExplainButtonProps) {
  return (
    <Button variant="link" isInline icon={<SearchIcon />} isDisabled={isDisabled} onClick={onExplain}>
      Explain this window
    </Button>
  );
}
