import { Button } from "@patternfly/react-core";
import { BellIcon, CubesIcon, ExclamationCircleIcon, ExclamationTriangleIcon, FileAltIcon, InfoCircleIcon, LightbulbIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import type { Kind, News } from "@/app/notifications/news";
import { unreadOf, useNotifications } from "@/app/notifications/store";
import { Ago } from "@/components/timestamp";
import type { Severity } from "@/generated/api.schemas";
import { title as wordsOf } from "@/lib/format";
import { PageLink } from "@/lib/place";

const ICONS: Readonly<Record<Kind, ComponentType>> = {
  incident: BellIcon,
  alert: BellIcon,
  cause: LightbulbIcon,
  report: FileAltIcon,
  failure: ExclamationTriangleIcon,
  cluster: CubesIcon,
};
const SEVERITIES: Readonly<Record<Severity, readonly [ComponentType, string]>> = {
  CRITICAL: [ExclamationCircleIcon, "tone-danger"],
  WARNING: [ExclamationTriangleIcon, "tone-warning"],
  INFO: [InfoCircleIcon, "tone-info"],
};
const TONES: Readonly<Partial<Record<Kind, string>>> = { cluster: "tone-danger", failure: "tone-warning", report: "tone-success" };

interface NewsListProps {
  /** One was followed. */
  onGo: () => void;
  isPast: boolean;
}

/** The newest first; what is unread has a mark and says so. */
export function NewsList({ onGo, isPast }: NewsListProps) {
  const { list, seenAt = 0, markRead } = useNotifications();
  const unread = useNotifications(unreadOf);
  return (
    <div className="news">
      <div className="news-head">
        <h2>Notifications</h2>
        <Button variant="link" isInline isDisabled={unread === 0 || isPast} onClick={markRead}>
          Mark all read
        </Button>
      </div>
      {isPast ? (
        <p className="hint">They are of now: go back to live to see them.</p>
      ) : list.length === 0 ? (
        <p className="hint">Nothing yet. Incidents, causes, reports and lost clusters are told here as they come.</p>
      ) : (
        <ul className="plain news-list" tabIndex={0} aria-label="What has happened">
          {list.map((news) => (
            <Item key={news.ids[0]} news={news} isUnread={news.at > seenAt} onGo={onGo} />
          ))}
        </ul>
      )}
      <p className="news-foot">
        <PageLink to="/settings" onClick={onGo}>
          Choose what is told
        </PageLink>
      </p>
    </div>
  );
}

function Item({ news, isUnread, onGo }: { news: News; isUnread: boolean; onGo: () => void }) {
  const { kind, severity, title, at, to, search } = news;
  const [Icon, tone] = severity === undefined ? [ICONS[kind], TONES[kind] ?? "tone-neutral"] : SEVERITIES[severity];
  return (
    <li className={isUnread ? "news-item is-unread" : "news-item"}>
      <PageLink to={to} search={{ ...search, as_of: undefined }} className="news-link" onClick={onGo}>
        <span className={`badge ${tone}`}>
          <Icon />
        </span>
        <span className="news-title">
          {severity === undefined ? null : <span className="visually-hidden">{wordsOf(severity)}. </span>}
          {title}
          {isUnread ? <span className="visually-hidden">, unread</span> : null}
        </span>
        <span className="quiet news-when">
          <Ago at={new Date(at).toISOString()} />
        </span>
      </PageLink>
    </li>
  );
}
