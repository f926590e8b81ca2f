/** Joins the stream, the cache and the session: what a lost history or session means for the rest. */

import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

import { useRecent } from "@/app/palette/recent";
import { getWhoAmIQueryKey, whoAmI } from "@/generated/api";
import type { Whoami } from "@/generated/api.schemas";
import { live } from "@/lib/live";
import { comeBackTo, followTabs, onSessionEnded } from "@/lib/session";

export function followLive(client: QueryClient, router: AnyRouter): void {
  live.onGap = () => void client.invalidateQueries();
  const signOut = (deliberately: boolean) => {
    live.stop();
    client.clear();
    // Who logs in next may be somebody else.
    if (deliberately) useRecent.setState({ ids: [] });
    const { pathname, href } = router.state.location;
    if (pathname === "/login") return;
    if (!deliberately) comeBackTo(href);
    void router.navigate({ to: "/login" });
  };
  live.onSignedOut = () => signOut(false);
  onSessionEnded(signOut);
  followTabs(() => void leaveIfAnother(client));
}

/** What is shown was read for somebody else: nothing of it counts for who is logged in now. */
async function leaveIfAnother(client: QueryClient): Promise<void> {
  const before = client.getQueryData<Whoami>(getWhoAmIQueryKey());
  if (before === undefined) return;
  const now = await whoAmI().catch(() => before);
  if (rightsOf(now) !== rightsOf(before)) location.reload();
}

const rightsOf = ({ user, role, clusters, everywhere }: Whoami): string =>
  JSON.stringify([user, role, clusters, everywhere]);
