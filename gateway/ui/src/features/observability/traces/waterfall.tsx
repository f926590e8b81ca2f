/** The spans of a trace over time, as a tree that folds; only what is in view is in the document. */

import { Button, SearchInput } from "@patternfly/react-core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { duration } from "@/features/observability/traces/duration";
import { aboveOf, mentions, rowsOf, type Node, type servicesOf, type Tree } from "@/features/observability/traces/tree";
import { SpanRow } from "@/features/observability/traces/span-row";
import { count, plural } from "@/lib/format";
import { useSettings } from "@/lib/settings";

interface WaterfallProps {
  tree: Tree;
  services: ReturnType<typeof servicesOf>;
  colours: ReadonlyMap<string, string>;
  openId: string | undefined;
  onOpen: (id: string | undefined) => void;
}

const HEIGHTS = { comfortable: 32, compact: 26 } as const;
/** Of a tree with more, what is deep is folded at first. */
const UNFOLDED = 2_000;

export function Waterfall({ tree, services, colours, openId, onOpen }: WaterfallProps) {
  const height = HEIGHTS[useSettings((settings) => settings.density)];
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => foldedAtFirst(tree, openId));
  const [active, setActive] = useState(openId ?? tree.roots[0]?.span.span_id);
  const [find, setFind] = useState("");
  const words = useDeferredValue(find.trim());
  const rows = useMemo(() => rowsOf(tree, folded), [tree, folded]);
  const found = useMemo(() => foundIn(tree, words), [tree, words]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 10,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [height, virtual]);

  const at = rows.findIndex(({ span }) => span.span_id === active);
  const goTo = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    setActive(row.span.span_id);
    virtual.scrollToIndex(rows.indexOf(row));
  };
  const fold = (id: string, shut: boolean) =>
    setFolded((before) => {
      const after = new Set(before);
      if (shut) after.add(id);
      else after.delete(id);
      return after;
    });
  /** Makes a span visible and goes to it. */
  const show = (id: string) => {
    const above = new Set(aboveOf(tree, id));
    const after = new Set([...folded].filter((each) => !above.has(each)));
    setFolded(after);
    setActive(id);
    virtual.scrollToIndex(rowsOf(tree, after).findIndex(({ span }) => span.span_id === id), { align: "center" });
  };
  const nextFound = (by: 1 | -1) => {
    // What is typed may be ahead of what is shown.
    const all = find.trim() === words ? found : foundIn(tree, find.trim());
    if (all.length === 0) return;
    const current = all.findIndex(({ span }) => span.span_id === active);
    const next = current < 0 ? (by > 0 ? 0 : all.length - 1) : (current + by + all.length) % all.length;
    show(all[next]!.span.span_id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const node = rows[at];
    const act = node ? actOf(event.key, node, folded.has(node.span.span_id)) : undefined;
    if (act === undefined) return;
    event.preventDefault();
    if (act.go !== undefined) goTo(at + act.go);
    if (act.fold !== undefined) fold(node!.span.span_id, act.fold);
    if (act.parent) goTo(rows.findIndex(({ span }) => span.span_id === node!.span.parent_span_id));
    if (act.open) onOpen(node!.span.span_id === openId ? undefined : node!.span.span_id);
  };
  const ids = new Set(found.map(({ span }) => span.span_id));
  const parents = useMemo(() => [...tree.byId.values()].filter(({ children }) => children.length > 0), [tree]);
  return (
    <section className="traces-waterfall" aria-label="Waterfall">
      <div className="toolbar">
        <SearchInput
          className="traces-find"
          aria-label="Find in spans"
          placeholder="Find in spans: name, tag, value"
          value={find}
          onChange={(_, value) => setFind(value)}
          onClear={() => setFind("")}
          onSearch={() => nextFound(1)}
          onPreviousClick={() => nextFound(-1)}
          onNextClick={() => nextFound(1)}
          {...(words === "" ? {} : { resultsCount: count(found.length) })}
        />
        <Button variant="link" isInline onClick={() => setFolded(new Set())} isDisabled={folded.size === 0}>
          Unfold all
        </Button>
        <Button
          variant="link"
          isInline
          onClick={() => setFolded(new Set(parents.filter(({ depth }) => depth > 0).map(({ span }) => span.span_id)))}
        >
          Fold
        </Button>
        <span className="toolbar-end traces-legend">
          {services.slice(0, 8).map(({ name, spans }) => (
            <span key={name} className={`traces-service ${colours.get(name) ?? ""}`} title={plural(spans, "span")}>
              {name}
            </span>
          ))}
          {services.length > 8 ? <span className="quiet">and {plural(services.length - 8, "other")}</span> : null}
          <span className="traces-legend-critical">critical path</span>
        </span>
      </div>
      {tree.orphans > 0 ? (
        <p className="hint">
          {plural(tree.orphans, "span")} without a parent: it was not sampled, not kept, or is in a cluster that has not
          answered.
        </p>
      ) : null}
      <div className="traces-frame">
        <Ruler length={tree.length} />
        <div
          ref={scroller}
          className="traces-scroller"
          role="treegrid"
          aria-label={plural(tree.byId.size, "span")}
          aria-rowcount={rows.length}
          tabIndex={0}
          aria-activedescendant={at < 0 ? undefined : `span-${active}`}
          onKeyDown={onKeyDown}
        >
          <div role="rowgroup" className="traces-rows" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const node = rows[index];
              if (!node) return null;
              const id = node.span.span_id;
              return (
                <SpanRow
                  key={id}
                  node={node}
                  index={index}
                  top={start}
                  height={height}
                  length={tree.length}
                  colour={colours.get(node.span.service_name) ?? ""}
                  folded={folded.has(id)}
                  look={[
                    id === active ? "is-active" : "",
                    id === openId ? "is-open" : "",
                    ids.has(id) ? "is-found" : "",
                  ].join(" ")}
                  onFold={fold}
                  onOpen={(opened) => {
                    setActive(opened);
                    onOpen(opened);
                  }}
                />
              );
            })}
          </div>
        </div>
      </div>
    </section>
  );
}

interface Act {
  go?: number;
  fold?: boolean;
  parent?: boolean;
  open?: boolean;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: 15,
  PageUp: -15,
  Home: -1_000_000,
  End: 1_000_000,
};

/** What a key does: as in any tree, to the left folds or goes to the parent. */
function actOf(key: string, { children }: Node, folded: boolean): Act | undefined {
  const go = STEPS[key];
  if (go !== undefined) return { go };
  if (key === "Enter" || key === "o") return { open: true };
  if (key === "ArrowRight") return folded ? { fold: false } : children.length > 0 ? { go: 1 } : undefined;
  if (key === "ArrowLeft") return children.length > 0 && !folded ? { fold: true } : { parent: true };
  return undefined;
}

function foundIn(tree: Tree, words: string): Node[] {
  return words === "" ? [] : rowsOf(tree, new Set()).filter((node) => mentions(node, words));
}

function foldedAtFirst(tree: Tree, openId: string | undefined): ReadonlySet<string> {
  if (tree.byId.size <= UNFOLDED) return new Set();
  const above = new Set(openId === undefined ? [] : aboveOf(tree, openId));
  const deep = [...tree.byId.values()].filter(
    ({ depth, children, errorsBelow, span }) =>
      depth >= 2 && children.length > 0 && errorsBelow === 0 && !above.has(span.span_id),
  );
  return new Set(deep.map(({ span }) => span.span_id));
}

function Ruler({ length }: { length: number }) {
  return (
    <div className="traces-ruler" aria-hidden="true">
      <span className="traces-ruler-name">Service and operation</span>
      <span className="traces-ruler-times numbers">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part} style={{ insetInlineStart: `${part * 100}%` }}>
            {duration(length * part)}
          </span>
        ))}
      </span>
    </div>
  );
}
