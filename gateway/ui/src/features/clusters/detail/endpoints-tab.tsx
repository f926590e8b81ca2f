import { CheckCircleIcon, ExclamationCircleIcon, MinusCircleIcon } from "@patternfly/react-icons";

import { AlertmanagerSteps } from "@/components/alertmanager-steps";
import { safeUrl } from "@/features/clusters/detail/links";
import { useAllowed } from "@/features/clusters/shared/allowed";
import { BACKEND_NAMES, BACKENDS } from "@/features/clusters/shared/draft";
import { latency } from "@/features/clusters/shared/checks-list";
import { useGetClusterStatus } from "@/generated/api";
import type { Check, Checked, ClusterView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

/** Where a cluster and its backends answer, and how Alertmanager posts here. */
export function EndpointsTab({ cluster }: { cluster: ClusterView }) {
  const { manages } = useAllowed(cluster.id);
  const { data: health } = useGetClusterStatus(cluster.id, useAsOf());
  const checks = new Map(health?.checks.map((check) => [check.name, check]));
  const endpoints = cluster.endpoints ?? {};
  return (
    <>
      <section className="panel" aria-labelledby="endpoints">
        <h2 id="endpoints">What the hub asks</h2>
        <ul className="clusters-endpoints plain">
          <Endpoint name="API server" url={cluster.api_server_url} check={checks.get("API_SERVER")} />
          {BACKENDS.map((each) => (
            <Endpoint
              key={each}
              name={BACKEND_NAMES[each]}
              url={endpoints[`${each}_url`]}
              check={checks.get(each.toUpperCase() as Checked)}
            />
          ))}
        </ul>
        {manages ? (
          <p className="clusters-note">
            <PageLink to={`/clusters/${cluster.id}`} search={{ tab: "edit" }}>
              Change the URLs
            </PageLink>
          </p>
        ) : null}
      </section>
      <Webhook cluster={cluster} />
    </>
  );
}

interface EndpointProps {
  name: string;
  url: string | null | undefined;
  check: Check | undefined;
}

function Endpoint({ name, url, check }: EndpointProps) {
  const safe = safeUrl(url);
  const tone = check === undefined ? "neutral" : check.healthy ? "success" : "danger";
  const Icon = check === undefined ? MinusCircleIcon : check.healthy ? CheckCircleIcon : ExclamationCircleIcon;
  return (
    <li className={`tone-${tone}`}>
      <Icon />
      <strong>{name}</strong>
      {safe ? (
        <a href={safe} target="_blank" rel="noreferrer" className="mono clusters-url">
          {safe}
        </a>
      ) : (
        <span className="quiet">{url ?? "no URL: not asked"}</span>
      )}
      <span className="quiet numbers">
        {check === undefined
          ? url
            ? "not checked"
            : ""
          : check.healthy
            ? `healthy, ${latency(check.latency_ms)}`
            : (check.error ?? "fails")}
      </span>
    </li>
  );
}

function Webhook({ cluster }: { cluster: ClusterView }) {
  return (
    <section className="panel" aria-labelledby="webhook">
      <h2 id="webhook">Let its Alertmanager send alerts here</h2>
      <ol className="snippet-steps">
        <AlertmanagerSteps cluster={cluster.name} />
      </ol>
    </section>
  );
}
