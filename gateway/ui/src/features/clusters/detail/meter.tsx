/** A part of a whole as a bar with its number; where it is not known that is said, and no bar. */
export function Meter({ percent, said }: { percent: number | null; said?: string }) {
  if (percent === null) return <span className="quiet">not known</span>;
  return (
    <span className="clusters-meter">
      <span className="clusters-meter-bar" aria-hidden="true">
        <span style={{ inlineSize: `${Math.min(100, percent)}%` }} />
      </span>
      <span className="numbers">{said ?? `${Math.round(percent)} %`}</span>
    </span>
  );
}
