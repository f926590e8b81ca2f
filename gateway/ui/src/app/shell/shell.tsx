import { Page, PageSidebar, PageSidebarBody, SkipToContent } from "@patternfly/react-core";
import { useEffect, useState, type ReactNode } from "react";

import { useCritical, useFiringFollowed } from "@/app/firing";
import { useNotifier } from "@/app/notifier";
import { pageTitle } from "@/app/page-title";
import { ConnectionNotice } from "@/app/shell/connection-notice";
import { Header } from "@/app/shell/header";
import { Keyboard } from "@/app/shell/keyboard";
import { Neighbourhood } from "@/app/shell/neighbourhood";
import { Navigation } from "@/app/shell/navigation";
import { PrintLine } from "@/app/shell/print-line";
import { Toasts } from "@/app/shell/toasts";
import { usePageTold } from "@/app/shell/use-page-told";
import { PastBanner } from "@/app/time-machine/past-banner";
import { useAsOf } from "@/lib/moment";
import { usePath } from "@/lib/place";
import { useSettings } from "@/lib/settings";

const WIDE = window.matchMedia("(min-width: 75rem)");

/** Header, navigation and notices around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const wide = useWide();
  const { navigation, set } = useSettings();
  const [opened, setOpened] = useState(false);
  useTabTitle();
  usePageTold();
  useFiringFollowed();
  useNotifier();
  const open = wide ? navigation === "open" : opened;
  const toggle = () =>
    wide ? set({ navigation: open ? "folded" : "open" }) : setOpened((is) => !is);
  const sidebar = (
    <PageSidebar isSidebarOpen={open} {...(open ? {} : { inert: true })}>
      <PageSidebarBody>
        <Navigation onGo={() => setOpened(false)} />
      </PageSidebarBody>
    </PageSidebar>
  );
  return (
    <div className="shell">
      <Page
        masthead={<Header onNavigation={toggle} isNavigationOpen={open} />}
        sidebar={sidebar}
        banner={<PastBanner />}
        skipToContent={<SkipToContent href="#page">Skip to the page</SkipToContent>}
        mainContainerId="page"
        mainAriaLabel="Page"
        isContentFilled
      >
        <PrintLine />
      {children}
        <ConnectionNotice />
      <Toasts />
        <Keyboard onNavigation={toggle} />
      </Page>
      <Neighbourhood />
    </div>
  );
}

function useTabTitle(): void {
  const title = pageTitle(usePath(), useCritical().count, useAsOf().as_of !== undefined);
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function useWide(): boolean {
  const [wide, setWide] = useState(WIDE.matches);
  useEffect(() => {
    const tell = () => setWide(WIDE.matches);
    WIDE.addEventListener("change", tell);
    return () => WIDE.removeEventListener("change", tell);
  }, []);
  return wide;
}
