import "@/components/drawer.css";

import { Button, Title } from "@patternfly/react-core";
import { TimesIcon } from "@patternfly/react-icons";
import { useEffect, useEffectEvent, useRef, type ReactNode } from "react";

/** What is open over the page when the key goes down: Escape is for that then. */
const OVER = 'dialog[open], [role="dialog"], .pf-v6-c-menu-toggle[aria-expanded="true"]';

interface DrawerProps {
  title: ReactNode;
  /** What kind of thing it shows, for those who do not see it: `Alert`. */
  label: string;
  onClose: () => void;
  children: ReactNode;
}

/** Detail beside a list that keeps its place; over it where there is no room. Escape closes it. */
export function Drawer({ title, label, onClose, children }: DrawerProps) {
  const panel = useRef<HTMLElement>(null);
  const close = useEffectEvent(onClose);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    panel.current?.focus({ preventScroll: true });
    let over = false;
    const look = () => {
      over = document.querySelector(OVER) !== null;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !over) close();
    };
    document.addEventListener("keydown", look, { capture: true });
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", look, { capture: true });
      document.removeEventListener("keydown", onKey);
      before?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside ref={panel} className="drawer" aria-label={label} tabIndex={-1}>
      <header className="drawer-head">
        <Title headingLevel="h2" size="lg">
          {title}
        </Title>
        <Button variant="plain" aria-label="Close" icon={<TimesIcon />} onClick={onClose} />
      </header>
      <div className="drawer-body" tabIndex={0} role="group" aria-label={`${label}: details`}>
        {children}
      </div>
    </aside>
  );
}

interface WithDrawerProps {
  drawer: ReactNode;
  /** It is as high as it is, on a page that scrolls: its drawer stays in view. */
  isWhole?: boolean;
  children: ReactNode;
}

/** A list and, beside it, its drawer. */
export function WithDrawer({ drawer, isWhole = false, children }: WithDrawerProps) {
  return (
    <div className={isWhole ? "with-drawer is-whole" : "with-drawer"}>
      <div className="with-drawer-list">{children}</div>
      {drawer}
    </div>
  );
}
