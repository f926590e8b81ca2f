import { Page, PageSidebar, PageSidebarBody, SkipToContent } from "@patternfly/react-core";
import { useEffect, useState, type ReactNode } from "react";

import { ConnectionNotice } from "@/app/shell/connection-notice";
import { Header } from "@/app/shell/header";
import { Keyboard } from "@/app/shell/keyboard";
import { Navigation } from "@/app/shell/navigation";
import { PastBanner } from "@/app/time-machine/past-banner";
import { pageOf } from "@/lib/pages";
import { usePath } from "@/lib/place";
import { useSettings } from "@/lib/settings";

const WIDE = window.matchMedia("(min-width: 75rem)");

/** Header, navigation and notices around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const wide = useWide();
  const { navigation, set } = useSettings();
  const [opened, setOpened] = useState(false);
  const path = usePath();
  useEffect(() => {
    document.title = [pageOf(path)?.title, "AIOps NextGen"].filter(Boolean).join(" · ");
  }, [path]);
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
    <Page
      masthead={<Header onNavigation={toggle} isNavigationOpen={open} />}
      sidebar={sidebar}
      banner={<PastBanner />}
      skipToContent={<SkipToContent href="#page">Skip to the page</SkipToContent>}
      mainContainerId="page"
      mainAriaLabel="Page"
      isContentFilled
    >
      {children}
      <ConnectionNotice />
      <Keyboard />
    </Page>
  );
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
