import { Button } from "@patternfly/react-core";
import { CopyIcon, SearchMinusIcon, SearchPlusIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { NearButton } from "@/components/neighbourhood/near-link";
import { originOf, plain, pretty, traceOf, type Line } from "@/features/observability/logs/line";
import { quoted, writeSelector, type Matcher } from "@/features/observability/logs/selector";
import { copyText } from "@/lib/copied";
import { PageLink } from "@/lib/place";

interface LineDetailProps {
  line: Line;
  /** Ask again with one more matcher. */
  onNarrow: (matcher: Matcher) => void;
}

const AROUND_MS = 5 * 60_000;

/** All of one line: its labels, and the ways on from it. */
export function LineDetail({ line, onNarrow }: LineDetailProps) {
  const json = pretty(line.message);
  const labels = Object.entries(line.stream).toSorted(([a], [b]) => a.localeCompare(b));
  return (
    <div className="logs-detail-body">
      <pre className="logs-whole" tabIndex={0} aria-label="The whole line">
        {json ?? plain(line.message)}
      </pre>
      <Ways line={line} />
      <dl className="logs-labels">
        {labels.map(([label, value]) => (
          <div key={label} className="logs-label">
            <dt className="mono">{label}</dt>
            <dd className="mono">{value}</dd>
            <dd className="logs-label-acts">
              <Narrow line={line} matcher={{ label, operator: "=", value }} onNarrow={onNarrow} />
              <Narrow line={line} matcher={{ label, operator: "!=", value }} onNarrow={onNarrow} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Narrow({ matcher, onNarrow }: LineDetailProps & { matcher: Matcher }) {
  const only = matcher.operator === "=";
  const said = `${only ? "Only" : "Without"} ${matcher.label} ${matcher.value}`;
  return (
    <Button
      variant="plain"
      size="sm"
      aria-label={said}
      title={said}
      icon={only ? <SearchPlusIcon /> : <SearchMinusIcon />}
      onClick={() => onNarrow(matcher)}
    />
  );
}

/** Where one goes on from a line. */
function Ways({ line }: { line: Line }) {
  const trace = traceOf(line);
  const { namespace, pod } = originOf(line);
  const clusters = [line.cluster_id];
  const around = {
    from: new Date(line.at - AROUND_MS).toISOString(),
    to: new Date(line.at + AROUND_MS).toISOString(),
  };
  return (
    <div className="logs-ways">
      {trace ? (
        <PageLink to="/observability/traces" search={{ trace }}>
          Trace {trace.slice(0, 8)}…
        </PageLink>
      ) : null}
      <PageLink to="/observability/logs" search={{ query: streamOf(line), clusters, ...around }}>
        5 minutes around it
      </PageLink>
      {pod ? (
        <PageLink to="/observability/metrics" search={{ query: cpuOf(namespace, pod), clusters, ...around }}>
          CPU of the pod
        </PageLink>
      ) : null}
      {namespace ? (
        <PageLink to="/alerts" search={{ cluster_id: clusters, namespace: [namespace] }}>
          Alerts in {namespace}
        </PageLink>
      ) : null}
      <PageLink to={`/clusters/${line.cluster_id}`}>Cluster {line.cluster_name}</PageLink>
      {pod && namespace ? <NearButton of={{ kind: "pod", cluster: line.cluster_id, namespace, name: pod }} /> : null}
      <Copy text={plain(line.message)}>Copy line</Copy>
      <Copy text={JSON.stringify(asJson(line), undefined, 2)}>Copy as JSON</Copy>
    </div>
  );
}

function Copy({ text, children }: { text: string; children: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <Button variant="link" isInline icon={<CopyIcon />} onClick={() => void copy()}>
      <span aria-live="polite">{copied ? "Copied" : children}</span>
    </Button>
  );
}

/** Labels of streams; others may have been made of the line, and select nothing. */
const STREAM = /^(?:namespace|pod|container|app|job|stream|node|host|filename|log_type|service_name|(?:kubernetes|k8s)_.*)$/;

function streamOf({ stream }: Line): string {
  const all = Object.entries(stream).map(([label, value]): Matcher => ({ label, operator: "=", value }));
  const sure = all.filter(({ label }) => STREAM.test(label));
  return writeSelector(sure.length > 0 ? sure : all);
}

function cpuOf(namespace: string | undefined, pod: string): string {
  const where = namespace ? `namespace=${quoted(namespace)}, pod=${quoted(pod)}` : `pod=${quoted(pod)}`;
  return `sum by (pod) (rate(container_cpu_usage_seconds_total{${where}}[5m]))`;
}

function asJson({ cluster_id, cluster_name, timestamp, stream, message }: Line) {
  return { cluster_id, cluster_name, timestamp, stream, message };
}
