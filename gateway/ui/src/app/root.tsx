import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";

import { Shell } from "@/app/shell/shell";
import { Starting } from "@/app/starting";
import { isUnknown, startLive, WHO } from "@/app/who";
import { useWhoAmI } from "@/generated/api";
import { usePath } from "@/lib/place";
import { isPutOff } from "@/lib/query";
import { isHere, sessionEnded } from "@/lib/session";

/** The login page alone, everything else in the shell and behind a login. */
export function Root() {
  const path = usePath();
  const shown = useRouterState({ select: ({ matches }) => matches.at(-1)?.pathname });
  if (shown === "/login") return <Outlet />;
  // The login page is still on its way: what was shown is for nobody any more.
  return path === "/login" ? null : <SignedIn />;
}

function SignedIn() {
  const me = useWhoAmI({ query: WHO });
  const unknown = isUnknown(me.error);
  useEffect(() => {
    if (unknown) sessionEnded();
  }, [unknown]);
  useEffect(() => {
    if (!me.data) return;
    isHere();
    startLive();
  }, [me.data]);
  const failure = me.error ?? me.failureReason;
  // Nothing is wrong where one is unknown, or only has to wait.
  if (!me.data) return <Starting failure={unknown || (failure && isPutOff(failure)) ? undefined : failure} />;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
