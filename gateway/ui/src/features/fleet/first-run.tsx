import { BellIcon, FlaskIcon, PlusCircleIcon, ServerIcon } from "@patternfly/react-icons";
import { useId, type ComponentType, type ReactNode } from "react";

import { PageFrame } from "@/components/page-frame";
import { CopyButton } from "@/features/fleet/copy-button";
import { ActionLink } from "@/features/fleet/quick-actions";
import { PageLink } from "@/lib/place";

const TOKEN = "aiops token create --role ingest --cluster NAME --name alertmanager > alertmanager-token";
const DEMO = "aiops up --demo";

/** What goes into Alertmanager's configuration so that it posts to this hub. */
export const alertmanagerYml = (hub: string): string => `route:
  receiver: aiops
receivers:
  - name: aiops
    webhook_configs:
      - url: ${hub}/api/v1/alerts/webhook
        send_resolved: true
        http_config:
          authorization:
            credentials_file: /path/to/alertmanager-token`;

/** Before the first cluster: three ways to have one. It gives way to the home by itself. */
export function FirstRun() {
  return (
    <PageFrame
      title="Welcome to AIOps NextGen"
      subtitle="No cluster is here yet. Choose a way to begin; this page becomes the view of your fleet as soon as the first cluster is there."
    >
      <div className="fleet-ways">
        <Way icon={ServerIcon} title="Add a cluster">
          <p>
            Give a kubeconfig, or an API server and a token. The hub checks the cluster, finds its Prometheus, Loki, Tempo
            and Alertmanager by itself, and watches it from then on.
          </p>
          <div>
            <ActionLink to="/clusters/add" icon={PlusCircleIcon} look="primary">
              Add a cluster
            </ActionLink>
          </div>
        </Way>
        <Way icon={BellIcon} title="Connect an Alertmanager">
          <p>For clusters that the hub cannot reach, but that can reach the hub: their alerts come by webhook.</p>
          <ol className="fleet-steps">
            <li>
              <PageLink to="/clusters/add" search={{ way: "form" }}>
                Register the cluster
              </PageLink>
              ; it needs a name and its address only.
            </li>
            <li>
              On the hub&apos;s machine, make a token that may post alerts of that cluster and do nothing else:
              <Snippet isCommand label="Command for the token" text={TOKEN} />
            </li>
            <li>
              In Alertmanager&apos;s <span className="mono">alertmanager.yml</span>, with the place of that file:
              <Snippet label="Configuration of Alertmanager" text={alertmanagerYml(location.origin)} />
            </li>
          </ol>
        </Way>
        <Way icon={FlaskIcon} title="Look at a demo">
          <p>
            A fleet of simulated clusters with metrics, logs, traces and alerts, to look around in. Stop the hub, then start
            it on its machine with:
          </p>
          <Snippet isCommand label="Command for the demo" text={DEMO} />
        </Way>
      </div>
      <p className="hint" role="status">
        Waiting for the first cluster …
      </p>
    </PageFrame>
  );
}

interface WayProps {
  icon: ComponentType;
  title: string;
  children: ReactNode;
}

function Way({ icon: Icon, title, children }: WayProps) {
  const id = useId();
  return (
    <section className="panel fleet-way" aria-labelledby={id}>
      <h2 id={id}>
        <span className="fleet-way-icon">
          <Icon />
        </span>
        {title}
      </h2>
      {children}
    </section>
  );
}

interface SnippetProps {
  label: string;
  text: string;
  isCommand?: boolean;
}

const Snippet = ({ label, text, isCommand = false }: SnippetProps) => (
  <div className={isCommand ? "fleet-snippet is-command" : "fleet-snippet"}>
    <pre tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
    <CopyButton text={text} label={`Copy: ${label}`} />
  </div>
);
