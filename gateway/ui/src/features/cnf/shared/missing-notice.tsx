import { Alert } from "@patternfly/react-core";

import { Ago } from "@/components/timestamp";
import type { Tab } from "@/features/cnf/search";
import type { CnfUnknown } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

/** Of one reason; the others are as they are. */
const MOST = 20;
/** The hub names no more of them. */
const LISTED = 1_000;

const WHAT: Readonly<Record<Tab, string>> = {
  workloads: "workloads",
  clocks: "clocks",
  functions: "virtual functions",
  ports: "DPDK ports",
};

/** Of which clusters something is not known, and why, in one line that unfolds; nothing if all is known. */
export function MissingNotice({ tab, missing }: { tab: Tab; missing: readonly CnfUnknown[] }) {
  if (missing.length === 0) return null;
  const reasons = [...Map.groupBy(missing, ({ reason }) => reason)].toSorted(([, a], [, b]) => b.length - a.length);
  const clusters = new Set(missing.map(({ cluster_id }) => cluster_id)).size;
  const of = clusters === 1 ? missing[0]!.cluster_name : `${count(clusters)}${clusters >= LISTED ? " or more" : ""} clusters`;
  const why = reasons.length === 1 ? reasons[0]![0] : plural(reasons.length, "reason");
  return (
    <Alert
      className="cnf-missing"
      isInline
      isPlain
      isExpandable
      toggleAriaLabel="Of which, and why"
      component="p"
      variant="info"
      title={`Not all ${WHAT[tab]} are known: ${of} (${why})`}
    >
      <div className="cnf-why" role="group" aria-label="Of which, and why" tabIndex={0}>
        {reasons.map(([reason, gaps]) => (
          <Reason key={reason} reason={reason} gaps={gaps} />
        ))}
      </div>
    </Alert>
  );
}

function Reason({ reason, gaps }: { reason: string; gaps: readonly CnfUnknown[] }) {
  return (
    <div>
      <p>
        <strong>{reason}</strong>
      </p>
      <ul className="plain cnf-gaps">
        {gaps.slice(0, MOST).map(({ cluster_id, cluster_name, last_updated }) => (
          <li key={cluster_id}>
            <PageLink to={`/clusters/${cluster_id}`}>{cluster_name}</PageLink>{" "}
            <span className="quiet">
              {last_updated === null ? "never known" : <>shown as of <Ago at={last_updated} /></>}
            </span>
          </li>
        ))}
        {gaps.length > MOST ? <li className="quiet">and {count(gaps.length - MOST)} more</li> : null}
      </ul>
    </div>
  );
}
