import "@/components/badges.css";
import "@/features/clusters/clusters.css";
import "@/features/clusters/forms.css";

import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";

import { NotYours } from "@/components/not-yours";
import { PageFrame } from "@/components/page-frame";
import { FormWay } from "@/features/clusters/add/form-way";
import { KubeconfigWay } from "@/features/clusters/add/kubeconfig-way";
import { ManagedWay } from "@/features/clusters/add/managed-way";
import { readAddSearch, type AddSearch, type Way } from "@/features/clusters/search";
import { useAllowed } from "@/features/clusters/shared/allowed";
import { Trail } from "@/features/clusters/shared/trail";
import { useSearch, useSetSearch } from "@/lib/place";

/** Three ways to take clusters into the fleet. */
export function AddClusterPage() {
  const { way = "kubeconfig", login } = readAddSearch({ ...useSearch() });
  const setSearch = useSetSearch<AddSearch>();
  const { manages, notNow } = useAllowed(null);
  if (!manages) {
    return (
      <PageFrame title="Add clusters" trail={<Trail />}>
        <NotYours title="You may not add clusters">Administrators of all clusters take new ones into the fleet.</NotYours>
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title="Add clusters"
      subtitle="Nothing is installed on a cluster: the hub reads its API server and its backends."
      trail={<Trail />}
    >
      <Tabs
        activeKey={way}
        onSelect={(_, key) => setSearch({ way: key as Way }, { replace: true })}
        aria-label="How to add clusters"
        mountOnEnter
        unmountOnExit
      >
        <Tab eventKey="kubeconfig" title={<TabTitleText>Kubeconfig</TabTitleText>}>
          <div className="clusters-tab">
            <KubeconfigWay disabled={notNow} />
          </div>
        </Tab>
        <Tab eventKey="form" title={<TabTitleText>By hand</TabTitleText>}>
          <div className="clusters-tab">
            <FormWay disabled={notNow} loginLater={login === "later"} />
          </div>
        </Tab>
        <Tab eventKey="managed" title={<TabTitleText>Open Cluster Management</TabTitleText>}>
          <div className="clusters-tab">
            <ManagedWay disabled={notNow} />
          </div>
        </Tab>
      </Tabs>
    </PageFrame>
  );
}
