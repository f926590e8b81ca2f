import { Button, ExpandableSection } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { leavesToLogIn, wantedNext } from "@/lib/session";

const PROVIDERS = { oidc: "your organisation", openshift: "OpenShift" } as const;

interface ProviderWayProps {
  at: keyof typeof PROVIDERS;
  /** How to log in without the provider. */
  children: ReactNode;
}

/** At the identity provider; for when that is away, by a code. */
export function ProviderWay({ at, children }: ProviderWayProps) {
  const [unfolded, setUnfolded] = useState(false);
  const leave = () => {
    leavesToLogIn();
    // The hub leads on from there: this is none of our pages.
    location.assign(`/auth/start?back=${encodeURIComponent(wantedNext())}`);
  };
  return (
    <>
      <Button isBlock size="lg" onClick={leave}>
        Log in with {PROVIDERS[at]}
      </Button>
      <ExpandableSection toggleText="Log in by a code" isExpanded={unfolded} onToggle={(_, open) => setUnfolded(open)}>
        {children}
      </ExpandableSection>
    </>
  );
}
