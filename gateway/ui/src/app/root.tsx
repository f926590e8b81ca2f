import { Outlet } from "@tanstack/react-router";
import { useEffect } from "react";

import { Shell } from "@/app/shell/shell";
import { Starting } from "@/app/starting";
import { useWhoAmI } from "@/generated/api";
import { ApiError, Unreachable } from "@/lib/http";
import { live } from "@/lib/live";
import { usePath } from "@/lib/place";
import { sessionEnded } from "@/lib/session";

/** The login page alone, everything else in the shell and behind a login. */
export function Root() {
  return usePath() === "/login" ? <Outlet /> : <SignedIn />;
}

function SignedIn() {
  const me = useWhoAmI({
    query: {
      staleTime: Number.POSITIVE_INFINITY,
      retry: (_, error) => error instanceof Unreachable,
      retryDelay: 2_000,
    },
  });
  const unknown = me.error instanceof ApiError && me.error.status === 401;
  useEffect(() => {
    if (unknown) sessionEnded();
  }, [unknown]);
  useEffect(() => {
    if (me.data) live.start(`${location.origin.replace("http", "ws")}/ws`);
  }, [me.data]);
  if (!me.data) return <Starting failure={unknown ? undefined : (me.error ?? me.failureReason)} />;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
