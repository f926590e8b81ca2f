import "@/features/events/events.css";
import "@/features/events/audit/audit.css";

import { Button } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { CopyMenu } from "@/components/copy-menu";
import { DataTable } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { NotYours } from "@/components/not-yours";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { ActorField } from "@/features/events/audit/actor-field";
import { columnsFor } from "@/features/events/audit/columns";
import { AUDITED_GROUPS } from "@/features/events/audit/groups";
import { NO_FILTER, type AuditFilter, type AuditSearch } from "@/features/events/audit/search";
import { ALARMING } from "@/features/events/audit/types";
import { asked, useAudit } from "@/features/events/audit/use-audit";
import type { LogEvent } from "@/features/events/event";
import { EventDrawer } from "@/features/events/event-drawer";
import { TypeFilter } from "@/features/events/type-filter";
import { getListAuditUrl } from "@/generated/api";
import { count } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf, useClock, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";
import { describeRange } from "@/lib/time";

const idOf = ({ sequence }: LogEvent) => String(sequence);

/** Who has done what; for administrators of all clusters. */
export function AuditPage() {
  const { me, rules } = useRights();
  if (rules) return <Audit />;
  return (
    <PageFrame title="Audit">
      {me === undefined ? (
        <Loading />
      ) : (
        <NotYours>
          Here administrators of all clusters see who has changed what, who has come and gone, and what was refused to whom.
        </NotYours>
      )}
    </PageFrame>
  );
}

function Audit() {
  const { actor, event_type, cluster_id, event: openEvent } = useSearch<AuditSearch>();
  const setSearch = useSetSearch<AuditSearch>();
  const filter: AuditFilter = { actor, event_type, cluster_id };
  const audit = useAudit(filter);
  const [pointed, setPointed] = useState(false);
  const range = useRange();
  const { as_of } = useAsOf();
  const now = useNow(30_000);
  const { rows } = useHeld(audit.entries, pointed, idOf, JSON.stringify([filter, range, as_of]), !audit.isStale);
  const columns = useMemo(() => columnsFor((name) => setSearch({ actor: name })), [setSearch]);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const close = () => setSearch({ event: undefined });
  return (
    <PageFrame
      title="Audit"
      fills
      subtitle={<Subtitle shown={rows.length} hasMore={audit.hasMore} isLoading={audit.isLoading} />}
      actions={<CopyMenu request={{ path: getListAuditUrl(asked(filter, range, as_of, now)) }} />}
    >
      <div className="toolbar" role="search" aria-label="Filter the audit log" data-filter>
        <ActorField actor={actor} onChange={(name) => setSearch({ actor: name })} />
        <TypeFilter
          groups={AUDITED_GROUPS}
          chosen={event_type ?? []}
          onChange={(chosen) => setSearch({ event_type: chosen.length > 0 ? chosen : undefined })}
        />
        <ClusterPicker
          chosen={cluster_id ? [cluster_id] : []}
          onChange={(chosen) => setSearch({ cluster_id: chosen.at(-1) })}
        />
        {isFiltered ? (
          <Button variant="link" isInline onClick={() => setSearch(NO_FILTER)}>
            Clear all filters
          </Button>
        ) : null}
      </div>
      {audit.error && rows.length > 0 ? <InlineFailure error={audit.error} what="It could not be read again" /> : null}
      <WithDrawer
        drawer={
          openEvent === undefined ? null : (
            <EventDrawer
              sequence={openEvent}
              known={rows.find(({ sequence }) => sequence === openEvent)}
              onClose={close}
            />
          )
        }
      >
        <div className={openEvent === undefined ? "events-list audit-list" : "events-list audit-list is-beside"}>
          {rows.length > 0 ? (
            <DataTable
              label="Who did what, newest first"
              rows={rows}
              columns={columns}
              idOf={idOf}
              onOpen={({ sequence }) => setSearch({ event: sequence ?? undefined }, { replace: openEvent !== undefined })}
              openId={openEvent === undefined ? undefined : String(openEvent)}
              onMore={audit.more}
              onHeld={setPointed}
              rowClass={alarm}
            />
          ) : audit.error ? (
            <Failure error={audit.error} what="The audit log" onRetry={audit.retry} />
          ) : audit.isLoading ? (
            <Loading />
          ) : (
            <NoEntries isFiltered={isFiltered} />
          )}
        </div>
      </WithDrawer>
    </PageFrame>
  );
}

function alarm({ event_type }: LogEvent): string | undefined {
  if (!ALARMING.has(event_type)) return undefined;
  return event_type === "LOGINS_FAILED" ? "is-alarming is-grave" : "is-alarming";
}

function Subtitle({ shown, hasMore, isLoading }: { shown: number; hasMore: boolean; isLoading: boolean }) {
  const range = useRange();
  const { as_of } = useAsOf();
  const now = useNow(30_000);
  const clock = useClock();
  if (isLoading) return <>Reading the audit log</>;
  const many = `${count(shown)}${hasMore ? "+" : ""} ${shown === 1 ? "entry" : "entries"}`;
  return (
    <span className="numbers">
      What people and their tokens did: {many}, {describeRange(range, clock, now).toLowerCase()}
      {as_of ? ` before ${clock(as_of)}` : ""}
    </span>
  );
}

function NoEntries({ isFiltered }: { isFiltered: boolean }) {
  const setSearch = useSetSearch<AuditSearch>();
  return (
    <Nothing
      title={isFiltered ? "Nothing passes the filters" : "Nobody has changed anything in this time"}
      actions={
        <>
          {isFiltered ? (
            <Button variant="primary" onClick={() => setSearch(NO_FILTER)}>
              Clear all filters
            </Button>
          ) : null}
          <Button variant="secondary" onClick={() => setSearch({ from: "now-30d", to: undefined })}>
            Look at the last 30 days
          </Button>
        </>
      }
    >
      {isFiltered
        ? "Names must match exactly, and the time range above counts too."
        : "What services do by themselves is not here: it is under Events."}
    </Nothing>
  );
}
