/** Arrow keys over cells that wrap into rows, of one group or of many. */

/** The cell that the key leads to; undefined for keys that lead nowhere. */
export function moved(cells: readonly HTMLElement[], at: number, key: string): HTMLElement | undefined {
  const last = cells.length - 1;
  switch (key) {
    case "ArrowRight":
      return cells[Math.min(last, at + 1)];
    case "ArrowLeft":
      return cells[Math.max(0, at - 1)];
    case "Home":
      return cells[0];
    case "End":
      return cells[last];
    case "ArrowDown":
      return beyond(cells.slice(at + 1), cells[at]!, 1);
    case "ArrowUp":
      return beyond(cells.slice(0, at).toReversed(), cells[at]!, -1);
    default:
      return undefined;
  }
}

/** The nearest in the next row; `others` begin beside the cell. */
function beyond(others: readonly HTMLElement[], cell: HTMLElement, direction: 1 | -1): HTMLElement {
  const from = cell.getBoundingClientRect();
  let row: number | undefined;
  let best: HTMLElement | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const other of others) {
    const box = other.getBoundingClientRect();
    if ((box.top - from.top) * direction < from.height / 2) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) > from.height / 2) break;
    const away = Math.abs(box.left - from.left);
    if (away >= distance) continue;
    distance = away;
    best = other;
  }
  return best ?? cell;
}
