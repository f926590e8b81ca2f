/** Joins the stream, the cache and the session: what a lost history or session means for the rest. */

import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

import { useNotifications } from "@/app/notifications/store";
import { useRecent } from "@/app/palette/recent";
import { isUnknown, WHO } from "@/app/who";
import { getWhoAmIQueryKey, getWhoAmIQueryOptions, whoAmI } from "@/generated/api";
import type { Whoami } from "@/generated/api.schemas";
import { live, useLiveState } from "@/lib/live";
import { readsNoLess } from "@/lib/rights";
import { comeBackTo, followTabs, onSessionEnded, sessionEnded, wantedBefore } from "@/lib/session";

export function followLive(client: QueryClient, router: AnyRouter): void {
  live.onGap = () => void client.invalidateQueries();
  const signOut = (deliberately: boolean) => {
    live.stop();
    client.clear();
    // Who logs in next may be somebody else.
    useNotifications.setState({ list: [] });
    if (deliberately) {
      useNotifications.setState({ seenAt: undefined });
      useRecent.setState({ ids: [] });
      wantedBefore();
    }
    const { pathname, href } = router.state.location;
    if (pathname === "/login") return;
    if (!deliberately) comeBackTo(href);
    void router.navigate({ to: "/login" });
  };
  live.onSignedOut = () => signOut(false);
  live.onRightsChanged = () => void learnRights(client);
  onSessionEnded(signOut);
  followTabs(() => void leaveIfAnother(client));
}

/** Somebody may do more or less than before, or has no session any more; the stream comes back by itself. */
async function learnRights(client: QueryClient): Promise<void> {
  const before = client.getQueryData<Whoami>(getWhoAmIQueryKey());
  try {
    const now = await client.fetchQuery(getWhoAmIQueryOptions({ query: { ...WHO, staleTime: 0 } }));
    // Somebody else has logged in in another tab, or nobody was known here yet.
    if (before === undefined) return;
    if (now.user !== before.user) return location.reload();
    if (rightsOf(now) !== rightsOf(before)) readAnew(client, readsNoLess(now, before));
  } catch (error) {
    if (isUnknown(error as Error)) sessionEnded();
  }
}

/** What was read stays in sight meanwhile, unless some of it may be closed now (`open`: none of it is). */
function readAnew(client: QueryClient, open: boolean): void {
  const [who] = getWhoAmIQueryKey();
  const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== who };
  useLiveState.setState({ lostAt: Date.now() });
  void (open ? client.invalidateQueries(others) : client.resetQueries(others));
}

/** What is shown was read for somebody else: nothing of it counts for who is logged in now. */
async function leaveIfAnother(client: QueryClient): Promise<void> {
  const before = client.getQueryData<Whoami>(getWhoAmIQueryKey());
  if (before === undefined) return;
  const now = await whoAmI().catch(() => before);
  if (rightsOf(now) !== rightsOf(before)) location.reload();
}

const rightsOf = ({ user, role, clusters, everywhere, grants }: Whoami): string =>
  JSON.stringify([user, role, clusters, everywhere, grants]);
