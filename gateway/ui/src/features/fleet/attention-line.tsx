import { Ago } from "@/components/timestamp";
import type { Item } from "@/features/fleet/attention";
import { ToneIcon } from "@/features/fleet/tone-icon";
import { PageLink } from "@/lib/place";

/** One thing that is open, in a line. */
export function AttentionLine({ item }: { item: Item }) {
  const { tone, what, where, why, since, place, metrics } = item;
  return (
    <li className="fleet-line">
      <ToneIcon tone={tone} />
      <div className="fleet-line-main">
        <span className="fleet-line-what">
          <PageLink to={place.to} search={place.search ?? {}}>
            {what}
          </PageLink>
          {where ? <span className="fleet-line-where"> {where}</span> : null}
        </span>
        {why === undefined && since?.oldest === undefined ? null : (
          <span className="quiet cut" title={why}>
            {why}
            {since?.oldest === undefined ? null : (
              <>
                {why === undefined ? "first " : " · first "}
                <Ago at={since.oldest} />
              </>
            )}
          </span>
        )}
      </div>
      <div className="fleet-line-end quiet">
        {metrics ? (
          <PageLink
            to={metrics.to}
            search={metrics.search ?? {}}
            className="fleet-line-aside"
            aria-label={`Metrics around ${what}`}
          >
            Metrics
          </PageLink>
        ) : null}
        {since ? (
          <span className="fleet-line-when">
            {since.label ? `${since.label} ` : ""}
            <Ago at={since.at} />
          </span>
        ) : null}
      </div>
    </li>
  );
}
