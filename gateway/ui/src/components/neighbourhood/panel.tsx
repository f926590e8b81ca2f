import "@/components/neighbourhood/panel.css";

import { Button, Title } from "@patternfly/react-core";
import { ArrowRightIcon, TimesIcon } from "@patternfly/react-icons";
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState, type RefObject } from "react";

import { AroundAlert } from "@/components/neighbourhood/around-alert";
import { AroundIncident } from "@/components/neighbourhood/around-incident";
import { AroundThing } from "@/components/neighbourhood/around-thing";
import { formatEntity, parseEntity, stepped, type Entity } from "@/components/neighbourhood/entity";
import type { Open } from "@/components/neighbourhood/group";
import { EntityTitle } from "@/components/neighbourhood/name";
import { NearLink } from "@/components/neighbourhood/near-link";
import { pageOf } from "@/components/neighbourhood/open";
import { useEscape } from "@/components/neighbourhood/use-escape";
import { EventName } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { PageLink, usePath } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

/** Events come in storms, and it is only beside what one looks at. */
const BETWEEN_MS = 3_000;
const EVENTS = Object.values(EventName).filter((name) => /^(?:ALERT|INCIDENT|ANOMALY)_/.test(name) || name === "CLUSTER_DELETED");

interface PanelProps {
  entity: Entity;
  onClose: () => void;
}

/** What is next to one thing, beside whichever page is shown: one hop a click, and the way back. */
export default function NeighbourhoodPanel({ entity, onClose }: PanelProps) {
  const near = formatEntity(entity);
  const trail = useTrail(near);
  const panel = useRef<HTMLElement>(null);
  useEscape(panel, onClose);
  useFocus(panel, near);
  const { as_of } = useAsOf();
  const cluster = "cluster" in entity ? entity.cluster : undefined;
  useRefreshOn(
    // Incidents are of several clusters: their events name none.
    { types: EVENTS, which: ({ cluster_id }) => cluster_id === null || cluster === undefined || cluster_id === cluster, enabled: as_of === undefined },
    ["/api/v1/alerts", "/api/v1/incidents", "/api/v1/anomalies"],
    BETWEEN_MS,
  );
  const page = useOwnPage(entity);
  return (
    <aside className="near" aria-labelledby="near-title" ref={panel} tabIndex={-1}>
      <header className="near-head">
        <div className="near-titles">
          <Trail of={trail.slice(0, -1)} />
          <Title headingLevel="h2" size="lg" id="near-title">
            Around <EntityTitle of={entity} />
          </Title>
        </div>
        {page === undefined ? null : (
          <span className="near-head-open">
            <PageLink to={page.to} search={page.search ?? {}}>
              {page.says}
            </PageLink>
          </span>
        )}
        <Button variant="plain" aria-label="Close what is around it" icon={<TimesIcon />} onClick={onClose} />
      </header>
      {/* Each thing has its own folds and questions. */}
      <div className="near-body" key={near} tabIndex={0} role="group" aria-label="What is next to it">
        <Around entity={entity} />
      </div>
    </aside>
  );
}

/** The page of its own, unless that is what the panel stands beside. */
function useOwnPage(entity: Entity): Open | undefined {
  const path = usePath();
  const page = pageOf(entity);
  return page?.to === path && page.search === undefined ? undefined : page;
}

function Around({ entity }: { entity: Entity }) {
  if (entity.kind === "alert") return <AroundAlert id={entity.id} />;
  return entity.kind === "incident" ? <AroundIncident id={entity.id} /> : <AroundThing thing={entity} />;
}

/** The hops that led here, while the panel is open: also by Back, which goes one of them back. */
function useTrail(near: string): readonly string[] {
  const [trail, setTrail] = useState<readonly string[]>([near]);
  const now = stepped(trail, near);
  if (now !== trail) setTrail(now);
  return now;
}

function Trail({ of }: { of: readonly string[] }) {
  const hops = of.flatMap((text) => parseEntity(text) ?? []);
  if (hops.length === 0) return null;
  return (
    <nav aria-label="The way here">
      <ol className="plain near-trail">
        {hops.map((hop) => (
          <li key={formatEntity(hop)}>
            <NearLink to={hop}>
              <EntityTitle of={hop} />
            </NearLink>
            <ArrowRightIcon />
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** What was clicked is gone after a hop: the focus goes to the panel, which then says what it stands around. */
function useFocus(panel: RefObject<HTMLElement | null>, near: string): void {
  const before = useRef<Element>(null);
  // At once: a drawer that gives way to the panel loses the focus with the next frame.
  useLayoutEffect(() => {
    if (!panel.current?.contains(document.activeElement)) before.current = document.activeElement;
  }, [panel]);
  useEffect(() => () => (before.current as HTMLElement | null)?.focus({ preventScroll: true }), []);
  const come = useEffectEvent((_to: string) => panel.current?.focus({ preventScroll: true }));
  useEffect(() => come(near), [near]);
}
