import { SeverityBadge } from "@/components/badges";
import { flipped } from "@/features/alerts/filters/asked";
import { SEVERITIES, type AlertsSearch } from "@/features/alerts/search";
import type { AlertFacets, AlertList, Severity } from "@/generated/api.schemas";
import { short } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

interface SeverityChipsProps {
  page: AlertList | undefined;
  facets: AlertFacets | undefined;
}

/** How many there are of each severity; pressed, only those are listed. */
export function SeverityChips({ page, facets }: SeverityChipsProps) {
  const { severity } = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  return (
    <div className="alerts-chips" role="group" aria-label="Severity">
      {SEVERITIES.map((each) => {
        const amount = countOf(each, severity, page, facets);
        return (
          <button
            key={each}
            type="button"
            className="alerts-chip"
            aria-pressed={severity?.includes(each) ?? false}
            onClick={() => setSearch({ severity: flipped(severity, each) as Severity[] | undefined })}
          >
            <SeverityBadge severity={each} />{" "}
            <strong className="numbers">{amount}</strong>
          </button>
        );
      })}
    </div>
  );
}

/** The page counts what is listed; what a chosen severity leaves out is known by the facets only. */
function countOf(
  severity: Severity,
  chosen: readonly Severity[] | undefined,
  page: AlertList | undefined,
  facets: AlertFacets | undefined,
): string {
  const listed = chosen === undefined || chosen.includes(severity);
  if (listed) return page ? `${short(page.by_severity[severity])}${page.total_at_least ? "+" : ""}` : "–";
  if (facets === undefined) return "–";
  const amount = facets.severity.find(({ value }) => value === severity)?.count ?? 0;
  return `${short(amount)}${facets.at_least ? "+" : ""}`;
}
