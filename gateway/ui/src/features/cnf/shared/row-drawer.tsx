import { Drawer } from "@/components/drawer";
import { Failure, Loading, Nothing } from "@/components/states";
import type { CnfSearch } from "@/features/cnf/search";
import { useAsOf } from "@/lib/moment";
import { useSetSearch } from "@/lib/place";
import type { ReactNode } from "react";

interface RowDrawerProps<Row> {
  /** What it shows: `Clock`. */
  label: string;
  title: string;
  /** The rows among which it is, read for it alone; `known`: the row as the list has it. */
  found: { data: { items: Row[] } | undefined; error: Error | null; refetch: () => unknown };
  known: Row | undefined;
  isIt: (row: Row) => boolean;
  children: (row: Row) => ReactNode;
  /** What there still is about it when it is gone. */
  links: ReactNode;
}

/** One row in full beside the list, whether the list has come to it or not. */
export function RowDrawer<Row>({ label, title, found, known, isIt, children, links }: RowDrawerProps<Row>) {
  const setSearch = useSetSearch<CnfSearch>();
  const { as_of } = useAsOf();
  const row = found.data ? found.data.items.find(isIt) : known;
  return (
    <Drawer label={label} title={title} onClose={() => setSearch({ open: undefined })}>
      <div className="cnf-detail">
        {row ? (
          children(row)
        ) : found.error ? (
          <Failure error={found.error} what={label} onRetry={() => void found.refetch()} />
        ) : found.data ? (
          <Nothing title={as_of === undefined ? "It is not there any more" : "It was not there then"}>
            The last sample of its cluster does not have it. Its events tell what became of it.
          </Nothing>
        ) : (
          <Loading />
        )}
        {links}
      </div>
    </Drawer>
  );
}
