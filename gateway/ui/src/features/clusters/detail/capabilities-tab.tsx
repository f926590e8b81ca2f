import { CheckCircleIcon, MinusCircleIcon } from "@patternfly/react-icons";

import { Nothing } from "@/components/states";
import { At } from "@/components/timestamp";
import { LinkButton } from "@/components/link-button";
import { useAllowed } from "@/features/clusters/shared/allowed";
import type { CapabilitiesView, ClusterView, Evidence, Finding } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

interface Capability {
  finding: Finding;
  name: string;
  has: (of: CapabilitiesView) => boolean;
  /** What it means here, or more about it. */
  more: (of: CapabilitiesView) => string;
}

const CAPABILITIES: readonly Capability[] = [
  {
    finding: "GPU",
    name: "GPUs",
    has: (of) => of.has_gpu_nodes,
    more: (of) => [plural(of.gpu_count, "GPU"), of.gpu_types.join(", ")].filter(Boolean).join(": "),
  },
  {
    finding: "CNF",
    name: "Network functions",
    has: (of) => of.has_cnf_workloads,
    more: (of) => of.cnf_types.join(", "),
  },
  { finding: "PROMETHEUS", name: "Prometheus", has: (of) => of.has_prometheus, more: () => "Metrics" },
  { finding: "THANOS", name: "Thanos", has: (of) => of.has_thanos, more: () => "Metrics of all Prometheus servers" },
  { finding: "ALERTMANAGER", name: "Alertmanager", has: (of) => of.has_alertmanager, more: () => "Alerts and silences" },
  { finding: "LOKI", name: "Loki", has: (of) => of.has_loki, more: () => "Logs" },
  { finding: "TEMPO", name: "Tempo", has: (of) => of.has_tempo, more: () => "Traces" },
  { finding: "SERVICE_MESH", name: "Service mesh", has: (of) => of.has_service_mesh, more: () => "Istio or a relative" },
];

/** What a cluster can do, and by what that is known. */
export function CapabilitiesTab({ cluster }: { cluster: ClusterView }) {
  const found = cluster.capabilities;
  const { manages } = useAllowed(cluster.id);
  if (found === null) {
    return (
      <Nothing
        title="Not looked at yet"
        actions={
          cluster.credentials === null && manages ? (
            <LinkButton to={`/clusters/${cluster.id}`} search={{ tab: "credentials" }}>
              Give it credentials
            </LinkButton>
          ) : undefined
        }
      >
        {cluster.credentials === null
          ? "What a cluster can do is read from its API server, for which there are no credentials."
          : "Discovery has not finished yet. Check now starts it."}
      </Nothing>
    );
  }
  return (
    <>
      <p>
        {plural(found.node_count, "node")}, {plural(found.gpu_count, "GPU")}
        <span className="quiet">
          {" "}
          · found <At at={found.discovered_at} />
        </span>
      </p>
      <ul className="clusters-capabilities plain">
        {CAPABILITIES.toSorted((a, b) => Number(b.has(found)) - Number(a.has(found))).map((each) => (
          <Found key={each.finding} capability={each} of={found} />
        ))}
      </ul>
    </>
  );
}

function Found({ capability, of }: { capability: Capability; of: CapabilitiesView }) {
  const { finding, name, has, more } = capability;
  const there = has(of);
  return (
    <li className={there ? "panel tone-success" : "panel tone-neutral"}>
      <h2 className="clusters-found">
        {there ? <CheckCircleIcon /> : <MinusCircleIcon />}
        {name}
        <span className="quiet">{there ? more(of) : "not found"}</span>
      </h2>
      {there ? <EvidenceList of={of.evidence?.[finding] ?? []} /> : null}
    </li>
  );
}

function EvidenceList({ of }: { of: readonly Evidence[] }) {
  if (of.length === 0) return null;
  return (
    <ul className="clusters-evidence plain">
      {of.map(({ kind, namespace, name, reason }) => (
        <li key={`${kind}/${namespace}/${name}`}>
          <span className="quiet">{kind}</span>{" "}
          <span className="mono">{namespace ? `${namespace}/${name}` : name}</span>
          <span className="quiet"> – {reason}</span>
        </li>
      ))}
    </ul>
  );
}
