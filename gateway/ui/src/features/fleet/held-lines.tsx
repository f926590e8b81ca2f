import { Button } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { useHolding } from "@/features/fleet/holding";
import { useHeld } from "@/lib/held";

interface HeldLinesProps<Line extends { id: string }> {
  lines: readonly Line[];
  /** How many are shown before more are asked for. */
  most: number;
  line: (line: Line) => ReactNode;
  /** Where there is more to read. */
  elsewhere?: ReactNode;
  /** What is said while nothing waits. */
  note?: string;
}

/** Lines of the story; they stand still while pointer or keyboard is among them. */
export function HeldLines<Line extends { id: string }>({ lines, most, line, elsewhere, note = "" }: HeldLinesProps<Line>) {
  const [all, setAll] = useState(false);
  const holding = useHolding();
  const { rows, waiting } = useHeld(lines, holding.held, ({ id }) => id);
  const shown = all ? rows : rows.slice(0, most);
  return (
    <>
      <ol className="fleet-lines" {...holding.props}>
        {shown.map(line)}
      </ol>
      <p className="fleet-more">
        {rows.length > most ? (
          <Button variant="link" isInline onClick={() => setAll(!all)}>
            {all ? "Show fewer" : `Show ${rows.length - most} more`}
          </Button>
        ) : null}
        {elsewhere}
        <span className="quiet" aria-live="polite">
          {waiting > 0 ? `${waiting} new, shown when you leave the list` : note}
        </span>
      </p>
    </>
  );
}
