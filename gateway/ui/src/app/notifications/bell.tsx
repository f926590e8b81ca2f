import "@/app/notifications/notifications.css";

import { Button, Popover } from "@patternfly/react-core";
import { BellIcon } from "@patternfly/react-icons";
import { useEffect, useState } from "react";

import { keysOf } from "@/app/keyboard/registry";
import { NewsList } from "@/app/notifications/news-list";
import { unreadOf, useNotifications } from "@/app/notifications/store";
import { useNews } from "@/app/notifications/use-news";
import { useOverlay } from "@/app/shell/overlay";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

/** What has happened since one looked last: how much, and on a click what. */
export function Bell() {
  useNews();
  const isPast = useAsOf().as_of !== undefined;
  const unread = useNotifications(unreadOf);
  const { shown, show, hide } = useOverlay();
  const isOpen = shown === "notifications";
  const close = () => {
    if (isOpen) hide();
  };
  useEffect(() => {
    // They were before somebody's eyes, however that ends.
    return isOpen && !isPast ? () => useNotifications.getState().markRead() : undefined;
  }, [isOpen, isPast]);
  const count = isPast ? 0 : unread;
  return (
    <>
      <Popover
        aria-label="Notifications"
        className="header-popover"
        position="bottom-end"
        minWidth="min(26rem, 94vw)"
        showClose={false}
        isVisible={isOpen}
        shouldOpen={() => show("notifications")}
        shouldClose={close}
        bodyContent={() => <NewsList onGo={close} isPast={isPast} />}
      >
        <Button
          variant="plain"
          className="bell"
          aria-keyshortcuts={keysOf("notifications")}
          aria-label={count > 0 ? `Notifications: ${count} unread` : "Notifications"}
          icon={<BellIcon />}
        >
          {count > 0 ? (
            <span className="bell-count numbers" aria-hidden="true">
              {count > 99 ? "99+" : count}
            </span>
          ) : null}
        </Button>
      </Popover>
      <Spoken count={count} />
    </>
  );
}

/** So long more is waited for: a storm is said in a few sentences. */
const PAUSE_MS = 5_000;

/** Says how many are new, to those who do not see the bell. */
function Spoken({ count }: { count: number }) {
  const [said, setSaid] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(count), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [count]);
  return (
    <span className="visually-hidden" aria-live="polite">
      {said > 0 ? plural(said, "unread notification") : ""}
    </span>
  );
}
