import { useEffect, useEffectEvent, useRef } from "react";

import { useLiveEvents, type LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { notificationOf, permissionNow, worthTelling } from "@/lib/notifications";
import { useGo } from "@/lib/place";
import { useSettings } from "@/lib/settings";

/** At most one notification in that time, for all that came. */
export const TOGETHER_MS = 5_000;

/** Tells by the browser of alerts that begin, as the settings want; never while the past is shown. */
export function useNotifier(): void {
  const { as_of } = useAsOf();
  const notified = useSettings((settings) => settings.notified);
  const go = useGo();
  const waiting = useRef<LiveEvent[]>([]);
  const last = useRef(Number.NEGATIVE_INFINITY);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const tell = useEffectEvent(() => {
    timer.current = undefined;
    const told = notificationOf(waiting.current);
    waiting.current = [];
    if (told === undefined || permissionNow() !== "granted") return;
    last.current = Date.now();
    const shown = new Notification(told.title, { body: told.body, tag: told.tag });
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
      go("/alerts", { as_of: undefined, ...(told.alertId === undefined ? {} : { alert: told.alertId }) });
    });
  });
  useLiveEvents(
    { types: ["ALERT_FIRED"], enabled: as_of === undefined && notified.length > 0 },
    (events) => {
      const worth = worthTelling(events, notified);
      if (worth.length === 0) return;
      waiting.current.push(...worth);
      const pause = Math.max(0, last.current + TOGETHER_MS - Date.now());
      timer.current ??= setTimeout(tell, pause);
    },
  );
  useEffect(() => () => clearTimeout(timer.current), []);
}
