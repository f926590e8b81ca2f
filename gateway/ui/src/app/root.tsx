import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";

import { Shell } from "@/app/shell/shell";
import { Starting } from "@/app/starting";
import { isUnknown, startLive, WHO } from "@/app/who";
import { NoRole } from "@/features/login/no-role";
import { useWhoAmI } from "@/generated/api";
import { usePath } from "@/lib/place";
import { isPutOff } from "@/lib/query";
import { readsNothing } from "@/lib/rights";
import { isHere, sessionEnded } from "@/lib/session";

const LOOK_AGAIN_MS = 30_000;

/** The login page alone, everything else in the shell and behind a login. */
export function Root() {
  const path = usePath();
  const shown = useRouterState({ select: ({ matches }) => matches.at(-1)?.pathname });
  if (shown === "/login") return <Outlet />;
  // The login page is still on its way: what was shown is for nobody any more.
  return path === "/login" ? null : <SignedIn />;
}

function SignedIn() {
  const me = useWhoAmI({
    // Nothing else tells somebody without a role that they have one: the stream is not for them.
    query: { ...WHO, refetchInterval: ({ state }) => state.data !== undefined && readsNothing(state.data) && LOOK_AGAIN_MS },
  });
  const unknown = isUnknown(me.error);
  useEffect(() => {
    if (unknown) sessionEnded();
  }, [unknown]);
  useEffect(() => {
    if (!me.data) return;
    isHere();
    if (!readsNothing(me.data)) startLive();
  }, [me.data]);
  const failure = me.error ?? me.failureReason;
  // Nothing is wrong where one is unknown, or only has to wait.
  if (!me.data) return <Starting failure={unknown || (failure && isPutOff(failure)) ? undefined : failure} />;
  if (readsNothing(me.data)) return <NoRole me={me.data} isLooking={me.isFetching} onLook={() => void me.refetch()} />;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
