import { count } from "@/lib/format";

interface UsageBarProps {
  used: number | null | undefined;
  allocatable: number | null | undefined;
  total: number | null | undefined;
}

/** How much of what there is is in use, of how much pods may have. */
export function UsageBar({ used, allocatable, total }: UsageBarProps) {
  const whole = Math.max(total ?? 0, allocatable ?? 0, used ?? 0);
  const part = (value: number | null | undefined) => `${whole === 0 ? 0 : ((value ?? 0) / whole) * 100}%`;
  const full = used !== null && used !== undefined && used >= (allocatable ?? Number.POSITIVE_INFINITY) && used > 0;
  return (
    <span className={full ? "cnf-usage is-full" : "cnf-usage"} role="img" aria-label={inWords({ used, allocatable, total })} title={inWords({ used, allocatable, total })}>
      <span className="cnf-usage-may" style={{ inlineSize: part(allocatable ?? total) }} />
      <span className="cnf-usage-used" style={{ inlineSize: part(used) }} />
    </span>
  );
}

const known = (value: number | null | undefined) => (typeof value === "number" ? count(value) : "an unknown number");

export function inWords({ used, allocatable, total }: UsageBarProps): string {
  return `${known(used)} in use of ${known(allocatable)} that pods may have, ${known(total)} in all`;
}
