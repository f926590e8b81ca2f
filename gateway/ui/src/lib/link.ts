/** Addresses to hand on: what is shown now must be what the other one sees. */

import { frozen, type Range } from "@/lib/time";

/** The address with the range's ends made fixed, as they are at the instant that is shown, or now. */
export function lastingLink(href: string, range: Range, as_of: string | undefined): string {
  const url = new URL(href);
  const fixed = frozen(range, as_of === undefined ? Date.now() : Date.parse(as_of));
  url.searchParams.set("from", fixed.from);
  url.searchParams.set("to", fixed.to);
  return url.href.replaceAll("%3A", ":");
}
