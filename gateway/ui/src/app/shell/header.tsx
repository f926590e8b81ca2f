import {
  Button,
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  PageToggleButton,
} from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";

import { keysOf } from "@/app/keyboard/registry";
import { BellLater } from "@/app/notifications/bell-later";
import { LookMenu } from "@/app/shell/look-menu";
import { useOverlay } from "@/app/shell/overlay";
import { PersonMenu } from "@/app/shell/person-menu";
import { RangePicker } from "@/app/shell/range-picker";
import { TimeMachine } from "@/app/time-machine/time-machine";
import { PageLink } from "@/lib/place";

interface HeaderProps {
  onNavigation: () => void;
  isNavigationOpen: boolean;
}

/** What is there on every page: where one is, when one is, and who one is. */
export function Header({ onNavigation, isNavigationOpen }: HeaderProps) {
  const show = useOverlay((overlay) => overlay.show);
  return (
    <Masthead display={{ default: "inline" }}>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton
            isHamburgerButton
            aria-label="Navigation"
            isSidebarOpen={isNavigationOpen}
            onSidebarToggle={onNavigation}
          />
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component="div">
            <PageLink to="/" className="brand" aria-label="AIOps NextGen: to the fleet">
              <span className="brand-mark" aria-hidden="true" />
              <span className="brand-name">AIOps NextGen</span>
            </PageLink>
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <div className="header">
          <Button
            variant="control"
            className="header-search"
            icon={<SearchIcon />}
            aria-keyshortcuts="Control+K"
            onClick={() => show("palette")}
          >
            <span className="header-search-words">Search or go to…</span>
            <kbd aria-hidden="true">{keysOf("palette")}</kbd>
          </Button>
          <div className="header-time">
            <RangePicker />
            <TimeMachine />
          </div>
          <BellLater />
          <div className="header-look">
            <LookMenu />
          </div>
          <PersonMenu />
        </div>
      </MastheadContent>
    </Masthead>
  );
}
