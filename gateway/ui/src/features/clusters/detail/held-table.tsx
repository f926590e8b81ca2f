import { useState } from "react";

import { DataTable, type Column } from "@/components/data-table";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";

interface HeldTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  idOf: (row: Row) => string;
  total?: number;
  onOpen: (row: Row) => void;
}

/** A table on a page that scrolls: as high as its rows, and still while somebody is in it. */
export function HeldTable<Row>({ rows, idOf, ...rest }: HeldTableProps<Row>) {
  const [inList, setInList] = useState(false);
  const held = useHeld(rows, inList, idOf);
  return (
    <>
      <div
        className="clusters-table"
        style={{ blockSize: `min(70vh, ${3 + Math.max(2, held.rows.length) * 2.75}rem)` }}
      >
        <DataTable<Row> rows={held.rows} idOf={idOf} onHeld={setInList} {...rest} />
      </div>
      <p className="hint numbers" aria-live="polite">
        {held.waiting > 0 ? `${plural(held.waiting, "new one", "new ones")}, shown when the pointer leaves` : ""}
      </p>
    </>
  );
}
