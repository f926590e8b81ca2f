import { flag, oneOf, text, type Raw } from "@/lib/search";

export const GROUPINGS = ["environment", "region", "type"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface FleetSearch {
  /** What the state grid is grouped by; without it: all together. */
  group?: Grouping | undefined;
  /** The state grid as a table. */
  view?: "table" | undefined;
  /** Of that table: `name`, or `-name` for descending; without it: worst first. */
  sort?: string | undefined;
  /** What fired in the time that is shown is told beside the alerts over time. */
  explain?: true | undefined;
}

export function readFleetSearch(raw: Raw): FleetSearch {
  return {
    group: oneOf(raw["group"], GROUPINGS),
    view: oneOf(raw["view"], ["table"]),
    sort: text(raw["sort"]),
    explain: flag(raw["explain"]) || undefined,
  };
}
