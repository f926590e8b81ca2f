import { featureInWords } from "@/features/anomalies/detail/feature-words";
import { formatValue } from "@/components/chart/units";
import type { AnomalyEvidence } from "@/generated/api.schemas";

/** What is shown around the usual range and the value, as a part of what is between them. */
const ROOM = 0.12;

/** Where the usual range and the value lie on a line that holds both, between 0 and 1. */
export function placesOf({ value, usual_low: low, usual_high: high }: AnomalyEvidence) {
  const [least, most] = [Math.min(low, value), Math.max(high, value)];
  const room = (most - least || Math.abs(most) || 1) * ROOM;
  const place = (at: number) => (at - least + room) / (most - least + 2 * room);
  return { low: place(low), high: place(high), value: place(value) };
}

/** How often it came before: a surprise of 3 is once in a thousand. */
export function rarity(surprise: number): string {
  if (surprise < 0.3) return "often";
  const times = 10 ** surprise;
  if (times >= 1e6) return "hardly ever";
  const rounded = times < 10 ? Math.round(times) : Number(times.toPrecision(2));
  return `1 in ${rounded.toLocaleString("en")}`;
}

/** The numbers that an anomaly rests on, each against what was usual. */
export function Evidence({ evidence }: { evidence: readonly AnomalyEvidence[] }) {
  if (evidence.length === 0) return <p className="quiet">It was told for its value alone.</p>;
  return (
    <table className="anomalies-evidence">
      <thead>
        <tr>
          <th scope="col">What was measured</th>
          <th scope="col">Value</th>
          <th scope="col">Nearly always between</th>
          <th scope="col" className="anomalies-scale-column">
            <span className="visually-hidden">The same drawn</span>
          </th>
          <th scope="col" title="How often it came before">
            Came
          </th>
        </tr>
      </thead>
      <tbody>
        {evidence.map((each) => (
          <tr key={each.feature}>
            <th scope="row">{featureInWords(each.feature)}</th>
            <td className="numbers">
              <strong>{formatValue(each.value)}</strong>
            </td>
            <td className="numbers">
              {formatValue(each.usual_low)} – {formatValue(each.usual_high)}
            </td>
            <td className="anomalies-scale-column">
              <Scale of={each} />
            </td>
            <td className="numbers">{rarity(each.surprise)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Scale({ of }: { of: AnomalyEvidence }) {
  const { low, high, value } = placesOf(of);
  const isOutside = of.value < of.usual_low || of.value > of.usual_high;
  return (
    <div className="anomalies-scale" aria-hidden="true">
      <span className="anomalies-usual" style={{ insetInlineStart: `${low * 100}%`, inlineSize: `${Math.max(1, (high - low) * 100)}%` }} />
      <span className={isOutside ? "anomalies-value is-outside" : "anomalies-value"} style={{ insetInlineStart: `${value * 100}%` }} />
    </div>
  );
}
