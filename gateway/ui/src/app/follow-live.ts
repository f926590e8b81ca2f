/** Joins the stream, the cache and the session: what a lost history or session means for the rest. */

import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

import { live } from "@/lib/live";
import { comeBackTo, onSessionEnded } from "@/lib/session";

export function followLive(client: QueryClient, router: AnyRouter): void {
  live.onGap = () => void client.invalidateQueries();
  const signOut = () => {
    live.stop();
    client.clear();
    const { pathname, href } = router.state.location;
    if (pathname === "/login") return;
    comeBackTo(href);
    void router.navigate({ to: "/login" });
  };
  live.onSignedOut = signOut;
  onSessionEnded(signOut);
}
