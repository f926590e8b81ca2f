import { Label, LabelGroup } from "@patternfly/react-core";

/** Labels as `key=value`. */
export function Labels({ of }: { of: Readonly<Record<string, string>> }) {
  const pairs = Object.entries(of);
  if (pairs.length === 0) return <span className="quiet">none</span>;
  return (
    <LabelGroup aria-label="Labels" numLabels={6}>
      {pairs.map(([key, value]) => (
        <Label key={key} isCompact textMaxWidth="18rem">{`${key}=${value}`}</Label>
      ))}
    </LabelGroup>
  );
}
