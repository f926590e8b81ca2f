/** What is watched: a list, and each watch beside it. */

import { Button } from "@patternfly/react-core";
import { EyeIcon, PlusCircleIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { DataTable } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import type { AnomaliesSearch } from "@/features/anomalies/search";
import { WATCH_COLUMNS } from "@/features/anomalies/watches/columns";
import { ExplainWatch } from "@/features/anomalies/watches/explain-watch";
import { RemoveDialog } from "@/features/anomalies/watches/remove-dialog";
import { useMayWatch, useWatches } from "@/features/anomalies/watches/use-watches";
import { WatchDrawer } from "@/features/anomalies/watches/watch-drawer";
import { WatchForm } from "@/features/anomalies/watches/watch-form";
import type { WatchView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { useSearch, useSetSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";

/** In the URL in place of a watch: one is made. */
const NEW = "new";
const idOf = ({ id }: WatchView) => id;

export function WatchesTab() {
  const { watch: openId, explain } = useSearch<AnomaliesSearch>();
  const setSearch = useSetSearch<AnomaliesSearch>();
  const { as_of } = useAsOf();
  const { operates } = useRights();
  const query = useWatches();
  const mayChange = useMayWatch();
  const [editing, setEditing] = useState<string>();
  const [removing, setRemoving] = useState<WatchView>();
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const open = rows.find(({ id }) => id === openId);
  const may = operates() && as_of === undefined;
  const show = (id: string | undefined) => {
    setEditing(undefined);
    setSearch({ watch: id, explain: undefined });
  };
  usePageActions(may ? [{ name: "new", title: "Watch something", words: ["new watch"], run: () => show(NEW) }] : []);
  const add = (
    <Button variant="primary" icon={<PlusCircleIcon />} aria-keyshortcuts="+" onClick={() => show(NEW)}>
      Watch something
    </Button>
  );
  const drawer =
    openId === NEW && may ? (
      <WatchForm key="new" watch={undefined} onDone={show} onClose={() => show(undefined)} />
    ) : open === undefined ? null : editing === open.id && mayChange(open) ? (
      <WatchForm key={open.id} watch={open} onDone={show} onClose={() => setEditing(undefined)} />
    ) : explain ? (
      <ExplainWatch watch={open} onClose={() => setSearch({ explain: undefined })} />
    ) : (
      <WatchDrawer
        key={open.id}
        watch={open}
        onExplain={() => setSearch({ explain: true })}
        onEdit={() => setEditing(open.id)}
        onRemove={() => setRemoving(open)}
        onClose={() => show(undefined)}
      />
    );
  return (
    <>
      <div className="toolbar">
        <p className="hint anomalies-intro">
          A watch asks clusters&apos; metrics again and again. Values over or under its bounds are told as they come, and what behaves as it did
          not before is told as an anomaly.
        </p>
        <span className="toolbar-end anomalies-actions">
          <span className="quiet numbers" aria-live="polite">
            {total > 0 ? plural(total, "watch", "watches") : ""}
          </span>
          {may && rows.length > 0 ? add : null}
        </span>
      </div>
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      <WithDrawer drawer={drawer}>
        {query.data === undefined ? (
          query.error ? (
            <Failure error={query.error} what="The watches" onRetry={() => void query.refetch()} />
          ) : (
            <Loading lines={6} label="Loading the watches" />
          )
        ) : rows.length === 0 ? (
          <Nothing title="Nothing is watched" icon={EyeIcon} actions={may ? add : undefined}>
            {as_of === undefined
              ? "Say what matters in PromQL, like the load of the nodes or the errors of a service: it is asked every minute from then on, and looked at."
              : "Nothing was watched at the instant that is shown."}{" "}
            GPUs are looked at without a watch.
          </Nothing>
        ) : (
          <div className="anomalies-rows">
            <DataTable<WatchView>
              label="Watches"
              rows={rows}
              total={total}
              columns={WATCH_COLUMNS}
              idOf={idOf}
              onOpen={({ id }) => show(id)}
              openId={openId}
              onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
            />
          </div>
        )}
      </WithDrawer>
      {removing ? (
        <RemoveDialog
          watch={removing}
          onDone={() => {
            setRemoving(undefined);
            show(undefined);
          }}
          onClose={() => setRemoving(undefined)}
        />
      ) : null}
    </>
  );
}
