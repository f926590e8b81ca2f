import { BellIcon, FlaskIcon, PlusCircleIcon, ServerIcon } from "@patternfly/react-icons";
import { useId, type ComponentType, type ReactNode } from "react";

import { AlertmanagerSteps } from "@/components/alertmanager-steps";
import { LinkButton } from "@/components/link-button";
import { PageFrame } from "@/components/page-frame";
import { Snippet } from "@/components/snippet";
import { Nothing } from "@/components/states";
import { PageLink } from "@/lib/place";
import { useRights } from "@/lib/rights";

/** Before the first cluster: three ways to have one. It gives way to the home by itself. */
export default function FirstRun() {
  const { me, rules } = useRights();
  if (me && !rules) return <NothingYet />;
  return (
    <PageFrame
      title="Welcome to AIOps NextGen"
      subtitle="No cluster is here yet. Choose a way to begin; this page becomes the view of your fleet as soon as the first cluster is there."
    >
      <div className="fleet-ways">
        <Way icon={ServerIcon} title="Add a cluster">
          <p>
            Give a kubeconfig, or an API server and a token. The hub checks the cluster, finds out what it can do, and
            watches it from then on.
          </p>
          <div>
            <LinkButton to="/clusters/add" icon={PlusCircleIcon}>
              Add a cluster
            </LinkButton>
          </div>
        </Way>
        <Way icon={BellIcon} title="Connect an Alertmanager">
          <p>For clusters that the hub cannot reach, but that can reach the hub: their alerts come by webhook.</p>
          <ol className="snippet-steps">
            <li>
              <PageLink to="/clusters/add" search={{ way: "form", login: "later" }}>
                Register the cluster
              </PageLink>
              ; it needs a name and its address only. Its page shows the next steps too, under Endpoints.
            </li>
            <AlertmanagerSteps />
          </ol>
        </Way>
        <Way icon={FlaskIcon} title="Look at a demo">
          <p>
            A fleet of simulated clusters with metrics, logs, traces and alerts, to look around in. Stop the hub, then start
            it on its machine with:
          </p>
          <Snippet isCommand label="Command for the demo" text="aiops up --demo" />
        </Way>
      </div>
      <p className="hint" role="status">
        Waiting for the first cluster …
      </p>
    </PageFrame>
  );
}

/** For those who cannot add one. */
function NothingYet() {
  return (
    <PageFrame title="Welcome to AIOps NextGen">
      <Nothing title="No cluster is here for you yet" icon={ServerIcon}>
        None is registered, or none is yours. Administrators of all clusters add them, and say who sees which. This page
        becomes the view of your fleet as soon as the first one is there.
      </Nothing>
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
