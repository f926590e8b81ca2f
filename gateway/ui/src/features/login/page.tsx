import { Alert } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState, type ReactNode } from "react";

import { Loading } from "@/components/states";
import { LoginCard } from "@/features/login/card";
import { CodeWay } from "@/features/login/code-way";
import { ProviderWay } from "@/features/login/provider-way";
import { login, useGetLoginWays } from "@/generated/api";
import { capitalised } from "@/lib/format";
import { ApiError } from "@/lib/http";
import { live } from "@/lib/live";
import { useGoToHref } from "@/lib/place";
import { sessionBegan, wantedBefore } from "@/lib/session";

/** Longer than anything that the hub says. */
const LONGEST_FAILURE = 500;

/** Who is nobody yet becomes somebody, in a way that the hub has: an identity provider, or a one-time code. */
export function LoginPage() {
  const [failed, setFailed] = useState<string>();
  const client = useQueryClient();
  const goToHref = useGoToHref();
  const ways = useGetLoginWays();
  const entering = useMutation({
    mutationFn: (given: string) => login({ code: given }),
    onMutate: () => setFailed(undefined),
    onSuccess: () => {
      // Of whoever was here before, nothing stays.
      live.stop();
      client.removeQueries();
      sessionBegan();
      goToHref(wantedBefore(), { replace: true });
    },
  });
  const take = useEffectEvent((told: URLSearchParams) => {
    const code = told.get("code");
    setFailed(told.get("failed")?.slice(0, LONGEST_FAILURE) || undefined);
    if (code) entering.mutate(code);
  });
  useEffect(() => {
    document.title = "Log in · AIOps NextGen";
    const fromLink = () => {
      if (location.hash === "") return;
      const told = new URLSearchParams(location.hash.slice(1));
      // The code must not stay in the address, nor in the history.
      history.replaceState(history.state, "", location.pathname);
      take(told);
    };
    fromLink();
    // A second link may be opened in the same tab.
    window.addEventListener("hashchange", fromLink);
    return () => window.removeEventListener("hashchange", fromLink);
  }, []);
  const isAsking = ways.isPending && ways.failureCount === 0;
  // Where everybody may enter, there is nothing to do here.
  const isOpen = ways.data?.mode === "none";
  const enter = useEffectEvent(() => goToHref(wantedBefore(), { replace: true }));
  useEffect(() => {
    if (isOpen) enter();
  }, [isOpen]);
  const code = <CodeWay isBusy={entering.isPending} onEnter={entering.mutate} />;
  return (
    <LoginCard>
      <div aria-live="assertive">
        {failed ? <Failed>{capitalised(failed).replace(/\.?$/, ".")}</Failed> : entering.error ? <Refusal error={entering.error} /> : null}
      </div>
      {isAsking || isOpen ? (
        <Loading lines={3} label="Asking the hub how one logs in" />
      ) : ways.data?.mode === "oidc" || ways.data?.mode === "openshift" ? (
        <ProviderWay at={ways.data.mode}>{code}</ProviderWay>
      ) : (
        // A code is always good: also where the hub could not be asked.
        code
      )}
    </LoginCard>
  );
}

function Refusal({ error }: { error: Error }) {
  return error instanceof ApiError && error.status === 401 ? (
    <Alert isInline component="h2" variant="danger" title="This code does not count (any more)">
      Each works once and for a short time. Run <code>aiops login</code> again for a new one.
    </Alert>
  ) : (
    <Failed>{error.message} Try again in a moment.</Failed>
  );
}

function Failed({ children }: { children: ReactNode }) {
  return (
    <Alert isInline component="h2" variant="danger" title="Logging in has failed">
      {children}
    </Alert>
  );
}
