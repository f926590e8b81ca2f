import { Nav, NavGroup, NavItem, NavList } from "@patternfly/react-core";

import { useCritical } from "@/app/firing";
import { short } from "@/lib/format";
import { pageOf, pagesFor, type PageEntry } from "@/lib/pages";
import { PageLink, usePath } from "@/lib/place";
import { useRights } from "@/lib/rights";

/** Where one can go. `onGo`: a link was followed. */
export function Navigation({ onGo }: { onGo: () => void }) {
  const critical = useCritical();
  const here = pageOf(usePath())?.to;
  const item = (page: PageEntry) => (
    <NavItem key={page.to} isActive={page.to === here} onClick={onGo}>
      <PageLink to={page.to}>
        {page.title}
        {page.to === "/alerts" && critical.count > 0 ? (
          <span className="navigation-count numbers">
            {critical.atLeast ? `${short(critical.count)}+` : critical.count > 999 ? short(critical.count) : critical.count}
            <span className="visually-hidden"> critical</span>
          </span>
        ) : null}
      </PageLink>
    </NavItem>
  );
  const pages = pagesFor(useRights());
  const grouped = pages.filter(({ group }) => group !== undefined);
  const before = pages.slice(0, pages.indexOf(grouped[0]!));
  const after = pages.slice(pages.indexOf(grouped.at(-1)!) + 1);
  return (
    <Nav aria-label="Pages">
      <NavList>{before.map(item)}</NavList>
      <NavGroup title="Observability">{grouped.map(item)}</NavGroup>
      <NavGroup title="Platform">{after.map(item)}</NavGroup>
    </Nav>
  );
}
