/** One span: where and how long it was, what it says of itself, and the ways on from it. */

import { Button, Label } from "@patternfly/react-core";
import { ExclamationCircleIcon, SearchIcon } from "@patternfly/react-icons";

import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { NearButton } from "@/components/neighbourhood/near-link";
import { At } from "@/components/timestamp";
import { between, duration, later } from "@/features/observability/traces/duration";
import { NO_PARTS } from "@/features/observability/traces/traceql";
import type { Node } from "@/features/observability/traces/tree";
import type { TracesSearch } from "@/features/observability/search";
import type { TraceSpan } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { PageLink, useSetSearch } from "@/lib/place";

interface SpanDetailProps {
  node: Node;
  traceId: string;
  onClose: () => void;
}

export function SpanDetail({ node, traceId, onClose }: SpanDetailProps) {
  const { span, start, critical, children } = node;
  const own = critical.reduce((sum, { length }) => sum + length, 0);
  const tags = Object.entries(span.tags).toSorted(([a], [b]) => a.localeCompare(b));
  return (
    <Drawer title={span.operation_name} label="Span" onClose={onClose}>
      <Facts
        of={[
          ["Service", span.service_name],
          ["Cluster", <PageLink key="cluster" to={`/clusters/${span.cluster_id}`}>{span.cluster_name}</PageLink>],
          [
            "Status",
            span.status === "ERROR" ? (
              <Label isCompact status="danger" icon={<ExclamationCircleIcon />}>
                Error
              </Label>
            ) : span.status === "OK" ? (
              "OK"
            ) : (
              "not set: no error"
            ),
          ],
          ["Took", <span key="took" className="numbers">{duration(span.duration_ms)}</span>],
          ["Began", <span key="began" className="numbers">{duration(start)} after the trace</span>],
          ["At", <At key="at" at={span.start_time} precision="ms" />],
          ["Critical path", own > 0 ? <span className="numbers">{duration(own)} of it in this span itself</span> : undefined],
          ["Children", children.length > 0 ? plural(children.length, "span") : undefined],
          ["Span ID", <span key="id" className="mono">{span.span_id}</span>],
        ]}
      />
      <Ways span={span} traceId={traceId} />
      <h3 className="traces-detail-head">Tags</h3>
      {tags.length === 0 ? <p className="quiet">This span has none.</p> : null}
      <dl className="traces-tags">
        {tags.map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd className="mono">{told(value)}</dd>
            <dd>
              <SearchFor name={name} value={value} />
            </dd>
          </div>
        ))}
      </dl>
      {span.logs.length > 0 ? (
        <>
          <h3 className="traces-detail-head">Logs of the span</h3>
          <ol className="plain traces-logs">
            {span.logs.map((log, at) => (
              <li key={at}>
                <span className="quiet numbers">+{duration(between(span.start_time, log.timestamp))}</span>{" "}
                <strong>{log.name}</strong>
                {Object.entries(log.fields).map(([name, value]) => (
                  <div key={name} className="traces-log-field mono">
                    <span className="quiet">{name}</span> {told(value)}
                  </div>
                ))}
              </li>
            ))}
          </ol>
        </>
      ) : null}
    </Drawer>
  );
}

/** Other traces with the same tag. */
function SearchFor({ name, value }: { name: string; value: unknown }) {
  const setSearch = useSetSearch<TracesSearch>();
  if (value === null || typeof value === "object") return null;
  const said = `Traces with ${name}=${told(value)}`;
  return (
    <Button
      variant="plain"
      size="sm"
      icon={<SearchIcon />}
      aria-label={said}
      title={said}
      onClick={() =>
        setSearch({
          ...NO_PARTS,
          tag: [`${name}=${told(value)}`],
          trace: undefined,
          span: undefined,
          view: undefined,
        })
      }
    />
  );
}

function Ways({ span, traceId }: { span: TraceSpan; traceId: string }) {
  const namespace = text(span.tags["k8s.namespace.name"]);
  const pod = text(span.tags["k8s.pod.name"]);
  const cluster = span.cluster_id;
  const clusters = [cluster];
  const around = { from: later(span.start_time, -300_000), to: later(span.start_time, span.duration_ms + 300_000) };
  const where = [
    namespace ? `namespace=${JSON.stringify(namespace)}` : undefined,
    pod ? `pod=${JSON.stringify(pod)}` : undefined,
  ].filter((each) => each !== undefined);
  const selector = `{${where.length > 0 ? where.join(", ") : 'namespace=~".+"'}}`;
  return (
    <div className="traces-ways">
      <NearButton of={pod && namespace ? { kind: "pod", cluster, namespace, name: pod } : { kind: "service", cluster, name: span.service_name }} />
      {where.length > 0 ? (
        <PageLink to="/observability/logs" search={{ query: selector, clusters, ...around }}>
          Logs of the {pod ? "pod" : "namespace"} around it
        </PageLink>
      ) : null}
      <PageLink to="/observability/logs" search={{ query: `${selector} |= ${JSON.stringify(traceId)}`, clusters, ...around }}>
        Log lines with this trace
      </PageLink>
      {where.length > 0 ? (
        <PageLink to="/observability/metrics" search={{ query: cpuOf(where.join(", ")), clusters, ...around }}>
          CPU of the {pod ? "pod" : "namespace"}
        </PageLink>
      ) : null}
      {namespace ? (
        <PageLink to="/alerts" search={{ cluster_id: clusters, namespace: [namespace] }}>
          Alerts in {namespace}
        </PageLink>
      ) : null}
      <PageLink
        to="/observability/traces"
        search={{ service: span.service_name, operation: span.operation_name, min: Math.floor(span.duration_ms) }}
      >
        Slower ones
      </PageLink>
    </div>
  );
}

const cpuOf = (where: string) => `sum by (pod) (rate(container_cpu_usage_seconds_total{${where}}[5m]))`;
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const told = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
