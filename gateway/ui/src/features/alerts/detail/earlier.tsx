import { keepPreviousData } from "@tanstack/react-query";

import { InlineFailure } from "@/components/states";
import { At } from "@/components/timestamp";
import { lastedOf } from "@/features/alerts/list/columns";
import { useListAlertHistory } from "@/generated/api";
import type { AlertView, Ending } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

export const ENDINGS: Readonly<Record<Ending, string>> = {
  REPORTED: "its source said so",
  EXPIRED: "its source told it no more",
  GONE: "gone from the cluster's Alertmanager",
};
const SHOWN = 8;

/** When the same alert fired before. */
export function Earlier({ alert }: { alert: AlertView }) {
  const asOf = useAsOf();
  const { data, error } = useListAlertHistory(
    { fingerprint: alert.fingerprint, cluster_id: [alert.cluster_id], page_size: SHOWN + 1, ...asOf },
    { query: { placeholderData: keepPreviousData } },
  );
  if (error && !data) return <InlineFailure error={error} what="Its earlier occurrences could not be read" />;
  if (!data) return null;
  const others = data.items.filter(({ id }) => id !== alert.id);
  const total = data.total - (data.items.length - others.length);
  const oldest = others.at(-1);
  return (
    <section className="alerts-part">
      <h3>Earlier occurrences</h3>
      {others.length === 0 || oldest === undefined ? (
        <p className="quiet">None is known: this is the first.</p>
      ) : (
        <>
          <ol className="plain alerts-earlier">
            {others.slice(0, SHOWN).map((each) => (
              <li key={each.id}>
                <PageLink to="/alerts" search={{ tab: "history", ...rangeOf(each), alert: each.id }}>
                  <At at={each.starts_at} />
                </PageLink>
                <span className="numbers quiet">{lastedOf(each)}</span>
              </li>
            ))}
          </ol>
          {total > SHOWN ? (
            <PageLink
              to="/alerts"
              search={{ tab: "history", fingerprint: alert.fingerprint, cluster_id: [alert.cluster_id], from: "now-30d", to: undefined }}
            >
              {plural(total, "earlier occurrence")}
              {data.total_at_least ? " or more" : ""}: all of the last 30 days
            </PageLink>
          ) : null}
        </>
      )}
    </section>
  );
}

/** A range in which the list beside shows it. */
function rangeOf({ starts_at, ends_at }: AlertView): { from: string; to: string } {
  const hour = 3_600_000;
  const end = ends_at ? Date.parse(ends_at) : Date.parse(starts_at);
  return {
    from: new Date(Date.parse(starts_at) - hour).toISOString(),
    to: new Date(end + hour).toISOString(),
  };
}
