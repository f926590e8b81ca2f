/** A value as a bar; what is not known has none. */

interface MeterProps {
  /** Per cent of the whole bar. */
  of: number | null | undefined;
  /** Above its threshold. */
  high?: boolean;
  hue?: "load" | "heat";
}

/** For the eye only: the value stands beside it in words. */
export function Meter({ of, high = false, hue = "load" }: MeterProps) {
  const known = of !== null && of !== undefined;
  const classes = ["gpu-meter", `is-${hue}`, high ? "is-high" : "", known ? "" : "is-unknown"];
  return (
    <span className={classes.filter(Boolean).join(" ")} aria-hidden="true">
      {known ? <span style={{ inlineSize: `${Math.max(0, Math.min(100, of))}%` }} /> : null}
    </span>
  );
}

/** Of a temperature: from 20 °C, where a bar begins, to 100 °C. */
export const heatShare = (celsius: number | null | undefined): number | null =>
  celsius === null || celsius === undefined ? null : ((celsius - 20) / 80) * 100;
