import { count } from "@/lib/format";

const NAMED = 3;

/** `a, b, c and 4 more`. */
export function someOf(names: readonly string[], inAll = names.length): string {
  const shown = names.slice(0, NAMED);
  const more = inAll - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${count(more)} more` : ""}`;
}
