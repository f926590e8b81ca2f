import "@/components/json-tree.css";

import { Button } from "@patternfly/react-core";
import { CopyIcon } from "@patternfly/react-icons";

import { useCopied } from "@/lib/copied";
import { plural } from "@/lib/format";

/** JSON as a tree: branches fold, all of it can be copied. */
export function JsonTree({ of }: { of: object }) {
  const [said, copy] = useCopied();
  return (
    <div className="json-tree">
      <Button
        variant="plain"
        size="sm"
        className="json-tree-copy"
        icon={<CopyIcon />}
        onClick={() => void copy(JSON.stringify(of, null, 2))}
      >
        <span aria-live="polite">{said ?? "Copy JSON"}</span>
      </Button>
      <Branch of={of} depth={0} />
    </div>
  );
}

function Branch({ of, depth }: { of: object; depth: number }) {
  return (
    <ul className="plain json-tree-branch">
      {Object.entries(of).map(([name, value]) => (
        <Leaf key={name} name={name} value={value} depth={depth} />
      ))}
    </ul>
  );
}

/** Open where one would open it anyway: near the root, and while it is short. */
const isOpen = (value: object, depth: number) => depth === 0 || (depth === 1 && Object.keys(value).length <= 12);

function Leaf({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <li>
        <span className="json-tree-key">{name}</span> <Value of={value} />
      </li>
    );
  }
  const size = Object.keys(value).length;
  return (
    <li>
      <details open={isOpen(value, depth)}>
        <summary>
          <span className="json-tree-key">{name}</span>{" "}
          <span className="quiet">
            {Array.isArray(value) ? plural(size, "item") : plural(size, "field")}
          </span>
        </summary>
        <Branch of={value} depth={depth + 1} />
      </details>
    </li>
  );
}

function Value({ of }: { of: unknown }) {
  if (of === null) return <span className="quiet mono">null</span>;
  if (typeof of === "string") return of === "" ? <span className="quiet">(empty)</span> : <span className="mono">{of}</span>;
  return <span className="mono json-tree-literal">{JSON.stringify(of)}</span>;
}
