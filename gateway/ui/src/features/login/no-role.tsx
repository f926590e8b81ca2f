import { Button } from "@patternfly/react-core";
import { LockIcon } from "@patternfly/react-icons";
import { useEffect } from "react";

import { InlineFailure } from "@/components/states";
import { LoginCard } from "@/features/login/card";
import type { Whoami } from "@/generated/api.schemas";
import { useLogOut } from "@/lib/log-out";

interface NoRoleProps {
  me: Whoami;
  isLooking: boolean;
  /** Asks the hub whether that is still so. */
  onLook: () => void;
}

/** Somebody is known, and may see nothing: why, in place of pages that would all be refused. */
export function NoRole({ me, isLooking, onLook }: NoRoleProps) {
  const leaving = useLogOut();
  useEffect(() => {
    document.title = "No role · AIOps NextGen";
  }, []);
  return (
    <LoginCard>
      <section aria-labelledby="no-role">
        <h2 id="no-role" className="no-role-title">
          <LockIcon aria-hidden="true" /> There is nothing that you may see
        </h2>
        <p>
          You are logged in as <strong>{me.user}</strong>, but neither you nor a group that you are in has a role with which
          one may read. Ask an administrator of this hub for one.
        </p>
        <p className="hint">This page looks again every half minute.</p>
      </section>
      {leaving.error ? <InlineFailure error={leaving.error} what="You are still logged in" /> : null}
      <div className="no-role-actions">
        <Button isBlock isLoading={isLooking} isDisabled={isLooking} onClick={onLook}>
          Look again
        </Button>
        <Button isBlock variant="secondary" isDisabled={leaving.isPending} onClick={() => leaving.mutate("here")}>
          Log out
        </Button>
      </div>
    </LoginCard>
  );
}
