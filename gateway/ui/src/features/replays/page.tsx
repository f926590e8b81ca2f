import "@/features/replays/replays.css";

import { Button } from "@patternfly/react-core";
import { RedoIcon } from "@patternfly/react-icons";

import { CopyMenu } from "@/components/copy-menu";
import { DataTable } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { REPLAY_COLUMNS } from "@/features/replays/columns";
import { ReplayForm } from "@/features/replays/form";
import { ReplayDrawer } from "@/features/replays/replay-drawer";
import type { ReplaysSearch } from "@/features/replays/search";
import { useReplays } from "@/features/replays/use-replays";
import { getListReplaysUrl } from "@/generated/api";
import type { ReplaySummary } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { useSearch, useSetSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";

const NEW = "new";
const idOf = ({ id }: ReplaySummary) => id;

/** What if it had been set otherwise: history run again, and compared with what happened. */
export function ReplaysPage() {
  const { replay: open } = useSearch<ReplaysSearch>();
  const setSearch = useSetSearch<ReplaysSearch>();
  const asOf = useAsOf();
  const { operates } = useRights();
  const query = useReplays();
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const may = operates() && asOf.as_of === undefined;
  const close = () => setSearch({ replay: undefined });
  usePageActions(may ? [{ name: "new", title: "Run history again", words: ["what if"], run: () => setSearch({ replay: NEW }) }] : []);
  const start = (
    <Button variant="primary" icon={<RedoIcon />} aria-keyshortcuts="+" onClick={() => setSearch({ replay: NEW })}>
      Run history again
    </Button>
  );
  const drawer =
    open === undefined ? null : open !== NEW ? (
      <ReplayDrawer key={open} id={open} onClose={close} />
    ) : may ? (
      <ReplayForm onDone={(id) => setSearch({ replay: id })} onClose={close} />
    ) : null;
  return (
    <PageFrame title="What if" fills actions={<CopyMenu request={{ path: getListReplaysUrl({ page_size: 100, ...asOf }) }} />}>
      <div className="toolbar">
        <p className="hint replays-intro">
          What would have been with other settings: correlation, detection or root causes are run again over a time of the past, and
          compared with what happened. Nothing is changed by it.
        </p>
        <span className="toolbar-end replays-actions">
          <span className="quiet numbers" aria-live="polite">
            {total > 0 ? plural(total, "replay") : ""}
          </span>
          {may && rows.length > 0 ? start : null}
        </span>
      </div>
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      <WithDrawer drawer={drawer}>
        {query.data === undefined ? (
          query.error ? (
            <Failure error={query.error} what="The replays" onRetry={() => void query.refetch()} />
          ) : (
            <Loading lines={6} label="Loading the replays" />
          )
        ) : rows.length === 0 ? (
          <Nothing title="Nothing was run again" icon={RedoIcon} actions={may ? start : undefined}>
            {asOf.as_of === undefined
              ? "Try other settings on what happened before they count for what comes."
              : "Nothing had been run again at the instant that is shown."}
          </Nothing>
        ) : (
          <div className="replays-rows">
            <DataTable
              label="Replays"
              rows={rows}
              columns={REPLAY_COLUMNS}
              idOf={idOf}
              total={total}
              openId={open}
              onOpen={({ id }) => setSearch({ replay: id })}
              onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
            />
          </div>
        )}
      </WithDrawer>
    </PageFrame>
  );
}
