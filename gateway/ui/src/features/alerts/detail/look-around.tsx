import { logqlOf, promqlOf } from "@/components/neighbourhood/alert-queries";
import { aroundStart } from "@/components/neighbourhood/queries";
import { LATELY } from "@/features/alerts/detail/around";
import { isOver } from "@/features/alerts/list/columns";
import type { AlertView } from "@/generated/api.schemas";
import { useClock, useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";

const LONG_MS = 60 * 60_000;

/** One click to the metrics, logs and events of the same place and time. */
export function LookAround({ alert }: { alert: AlertView }) {
  const now = useNow(60_000);
  const clock = useClock();
  const long = !isOver(alert) && now - Date.parse(alert.starts_at) > LONG_MS;
  return (
    <section className="alerts-part">
      <h3>Look around</h3>
      <dl className="alerts-around">
        <Row
          alert={alert}
          words={`When it began, ${clock(alert.starts_at)} ± 30 min`}
          range={aroundStart(alert.starts_at, now)}
        />
        {long ? <Row alert={alert} words="Now, the last hour" range={LATELY} /> : null}
      </dl>
    </section>
  );
}

function Row({ alert, words, range }: { alert: AlertView; words: string; range: { from: string; to: string } }) {
  const logql = logqlOf(alert);
  const clusters = [alert.cluster_id];
  return (
    <div>
      <dt className="hint">{words}</dt>
      <dd className="alerts-links">
        <PageLink to="/observability/metrics" search={{ query: promqlOf(alert), clusters, ...range }}>
          Metrics
        </PageLink>
        {logql === undefined ? (
          <span className="quiet" title="It has no namespace and no pod to find logs by">
            No logs to find by its labels
          </span>
        ) : (
          <PageLink to="/observability/logs" search={{ query: logql, clusters, ...range }}>
            Logs
          </PageLink>
        )}
        <PageLink to="/events" search={{ cluster_id: alert.cluster_id, ...range }}>
          Events
        </PageLink>
      </dd>
    </div>
  );
}
