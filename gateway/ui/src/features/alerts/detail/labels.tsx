import { safeLink } from "@/features/alerts/detail/around";
import type { AlertView } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

/** Labels by which the page has a filter of its own. */
const OWN: ReadonlySet<string> = new Set(["namespace", "alertname"]);

/** Every label; one that is clicked leaves only alerts that have it too. */
export function Labels({ alert }: { alert: AlertView }) {
  const labels = Object.entries(alert.labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    <section className="alerts-part">
      <h3>Labels</h3>
      <p className="hint">A label leads to all open alerts that have it.</p>
      <ul className="plain alerts-labels">
        {labels.map(([name, value]) => (
          <li key={name}>
            <PageLink
              to="/alerts"
              search={OWN.has(name) ? { [name]: [value] } : { label: [`${name}=${value}`] }}
              className="alerts-label mono"
            >
              {name}=<strong>{value}</strong>
            </PageLink>
          </li>
        ))}
      </ul>
    </section>
  );
}

const SHOWN_ELSEWHERE = new Set(["summary", "description", "message", "runbook_url"]);

/** What its rule says of it besides. */
export function Annotations({ alert }: { alert: AlertView }) {
  const others = Object.entries(alert.annotations).filter(([name]) => !SHOWN_ELSEWHERE.has(name));
  if (others.length === 0) return null;
  return (
    <section className="alerts-part">
      <h3>Annotations</h3>
      <dl className="alerts-annotations">
        {others.map(([name, value]) => (
          <div key={name}>
            <dt className="hint mono">{name}</dt>
            <dd>
              <TextOrLink text={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function TextOrLink({ text }: { text: string }) {
  const href = safeLink(text);
  return href === undefined ? text : <Outside href={href}>{text}</Outside>;
}

/** A link that leaves the hub. */
export function Outside({ href, children }: { href: string; children: string }) {
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
