/** Draws the map: all of it once, then only the cells that have changed. */

import type { GpuMap } from "@/generated/api.schemas";
import { isMarked, valueOf, worstMark } from "@/features/gpu/map/fleet";
import type { Layout } from "@/features/gpu/map/layout";
import { SCALES, stepOf, type Palette } from "@/features/gpu/map/ramp";
import type { MapMetric, Mark } from "@/features/gpu/search";

export interface Picture {
  map: GpuMap;
  layout: Layout;
  metric: MapMetric;
  /** Others are faint. */
  show: Mark | undefined;
  palette: Palette;
}

type Pen = CanvasRenderingContext2D;

/** Nothing where there is nothing to draw with. */
export const penOf = (canvas: HTMLCanvasElement | null): Pen | null =>
  canvas === null || typeof Path2D === "undefined" ? null : canvas.getContext("2d");

/** How many cells were drawn. `before`: what is on the canvas. */
export function paint(pen: Pen, now: Picture, before?: Picture): number {
  const { map, layout } = now;
  const again =
    before !== undefined &&
    before.layout === layout &&
    before.metric === now.metric &&
    before.show === now.show &&
    before.palette === now.palette;
  if (!again) pen.clearRect(0, 0, layout.width, layout.height);
  pen.save();
  let drawn = 0;
  for (let cell = 0; cell < map.gpus.length; cell += 1) {
    if (again && !changed(before.map, map, cell)) continue;
    drawCell(pen, now, cell);
    drawn += 1;
  }
  pen.restore();
  return drawn;
}

function changed(before: GpuMap, now: GpuMap, cell: number): boolean {
  const row = now.gpus[cell]!;
  return row !== before.gpus[cell] || now.nodes[row[0]]![3] !== before.nodes[row[0]]![3];
}

function drawCell(pen: Pen, { map, layout, metric, show, palette }: Picture, cell: number): void {
  const row = map.gpus[cell]!;
  const x = layout.x[cell]!;
  const y = layout.y[cell]!;
  const size = layout.pitch - 1;
  const value = valueOf(row, metric);
  const mark = worstMark(map, row);
  pen.globalAlpha = 1;
  pen.clearRect(x, y, size + 1, size + 1);
  if (show !== undefined && !isMarked(map, row, show)) pen.globalAlpha = 0.18;
  if (value === null || mark === "lost") {
    frame(pen, x, y, size, palette.line);
  } else {
    pen.fillStyle = palette[SCALES[metric].hue][stepOf(value, metric)]!;
    pen.fillRect(x, y, size, size);
  }
  if (mark !== undefined) drawMark(pen, mark, { x, y, size, palette });
}

interface Spot {
  x: number;
  y: number;
  size: number;
  palette: Palette;
}

/** Marks differ in shape, and have a rim in the colour of the page, so that they are seen on every step. */
export function drawMark(pen: Pen, mark: Mark, { x, y, size, palette }: Spot): void {
  const thick = size >= 12 ? 2 : 1.5;
  switch (mark) {
    case "raised":
      frame(pen, x, y, size, palette.danger, 2);
      frame(pen, x + 2, y + 2, size - 4, palette.surface);
      break;
    case "lost":
      cross(pen, { x, y, size, palette }, thick);
      break;
    case "error":
      pen.fillStyle = palette.surface;
      pen.fillRect(x, y, size, size);
      frame(pen, x, y, size, palette.danger);
      bang(pen, { x, y, size, palette });
      break;
    case "wasted": {
      const dot = Math.max(3, Math.round(size / 3));
      const inset = Math.floor((size - dot) / 2);
      pen.fillStyle = palette.surface;
      pen.fillRect(x + inset - 1, y + inset - 1, dot + 2, dot + 2);
      pen.fillStyle = palette.text;
      pen.fillRect(x + inset, y + inset, dot, dot);
      break;
    }
    case "stale":
      line(pen, [x, y + size, x + size, y], palette.surface, thick + 2);
      line(pen, [x, y + size, x + size, y], palette.text, thick - 0.5);
      break;
    case "idle":
  }
}

function frame(pen: Pen, x: number, y: number, size: number, colour: string, thick = 1): void {
  pen.strokeStyle = colour;
  pen.lineWidth = thick;
  pen.strokeRect(x + thick / 2, y + thick / 2, size - thick, size - thick);
}

function line(pen: Pen, [x1, y1, x2, y2]: readonly [number, number, number, number], colour: string, thick: number) {
  pen.strokeStyle = colour;
  pen.lineWidth = thick;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

function cross(pen: Pen, { x, y, size, palette }: Spot, thick: number): void {
  line(pen, [x + 1, y + 1, x + size - 1, y + size - 1], palette.danger, thick);
  line(pen, [x + 1, y + size - 1, x + size - 1, y + 1], palette.danger, thick);
}

function bang(pen: Pen, { x, y, size, palette }: Spot): void {
  const wide = Math.max(1, Math.round(size / 6));
  const left = x + Math.round((size - wide) / 2);
  pen.fillStyle = palette.danger;
  pen.fillRect(left, y + Math.round(size * 0.22), wide, Math.round(size * 0.36));
  pen.fillRect(left, y + Math.round(size * 0.68), wide, Math.max(1, Math.round(size * 0.12)));
}
