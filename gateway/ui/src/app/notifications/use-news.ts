import { useEffect } from "react";

import { FOLLOWED, newsOf, newsOfCause, READ } from "@/app/notifications/news";
import { useNotifications } from "@/app/notifications/store";
import { useListEvents, useListRootCauses } from "@/generated/api";
import { useLater } from "@/lib/later";
import { useLiveEvents } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useSettings } from "@/lib/settings";

/** Pages come first. */
const AFTER_MS = 2_000;
const EVENTS = 30;
const CAUSES = 10;

/** Takes in what happens, and once what has happened before, that only while now is shown. Once in the app. */
export function useNews(): void {
  const isNow = useAsOf().as_of === undefined;
  const wanted = useSettings((settings) => settings.listed);
  const add = useNotifications((all) => all.add);
  useEffect(() => useNotifications.getState().narrow(wanted), [wanted]);
  const enabled = useLater(AFTER_MS) && isNow;
  const once = { query: { enabled, staleTime: Number.POSITIVE_INFINITY } };
  const { data: events } = useListEvents({ event_type: [...READ], order: "desc", limit: EVENTS }, once);
  const { data: causes } = useListRootCauses({ page_size: CAUSES }, once);
  useEffect(() => {
    if (events === undefined || causes === undefined) return;
    add([...causes.items.flatMap(newsOfCause), ...events.items.flatMap((event) => newsOf(event, wanted) ?? [])]);
    // Who comes here for the first time has missed nothing.
    if (useNotifications.getState().seenAt === undefined) useNotifications.getState().markRead();
  }, [events, causes, wanted, add]);
  // Also while the past is shown: nobody tells it a second time, and the bell shows it when they are back.
  useLiveEvents({ types: FOLLOWED }, (batch) => add(batch.flatMap((event) => newsOf(event, wanted) ?? [])));
}
