import { assertNever } from '@/lib/platform/assert';
import type { PackedColor } from './color';
import type { OwnerPattern } from './owner-style';
import type { SurfaceColors } from './shard-colors';
import { EMPTY_CELL, type ShardLayout } from './shard-layout';
import { codesUsed, outlineOf, paintCells, paintStencil, type CellPicture } from './shard-pixels';

/**
 * Draws a shard map on two canvases, off React. The lower one holds the data: one pixel
 * per shard written through a colour table into an ImageData, put on a small canvas and
 * scaled up by a single drawImage; hatches and patterns are stencils of the same size,
 * scaled likewise and filled with a pattern in screen space, so their cost does not grow
 * with the number of shards. The upper one holds cursor, hover and selection and is
 * redrawn without touching the data. Filling a rectangle per cell was refused: 177 ms at
 * 100,000 cells against under 2.
 */
export type StencilLook = 'hatch' | 'cross' | Exclude<OwnerPattern, 'solid'>;

export interface Stencil {
  readonly look: StencilLook;
  /** 256 entries: all bits set for the codes that get the look, else 0. */
  readonly opaque: Uint32Array;
}

export interface MapPicture extends CellPicture {
  readonly surface: SurfaceColors;
  readonly stencils: readonly Stencil[];
  /** All shards of a block have one code, so that its pattern is two rectangles and needs no stencil. */
  readonly uniformBlocks: boolean;
  /** Text of a block in the grouped layout. */
  readonly blockLabels: readonly { readonly text: string; readonly detail: string }[];
}

export interface MapMarks {
  readonly selected: Uint8Array | null;
  readonly cursor: number | null;
  readonly hover: number | null;
}

/** Geometry in device pixels: a cell is a whole number of them from WHOLE_CELL_FROM up, so that no cell is wider than its neighbour; smaller ones fill the space instead. */
interface Geometry {
  readonly cell: number;
  readonly left: number;
  readonly top: number;
}

const GAP_FROM_CELL = 6;
/** Below this size a single cell shows nothing of a pattern; blocks of cells do. */
const PATTERN_FROM_CELL = 6;
const WHOLE_CELL_FROM = 4;

export class ShardCanvas {
  readonly #data: CanvasRenderingContext2D;
  readonly #marks: CanvasRenderingContext2D;
  readonly #small: OffscreenCanvas = new OffscreenCanvas(1, 1);
  readonly #scratch: OffscreenCanvas = new OffscreenCanvas(1, 1);
  /** Pattern tiles by look, pixel ratio and theme: a handful. */
  readonly #tiles = new Map<string, OffscreenCanvas>();
  #layout: ShardLayout | null = null;
  #picture: MapPicture | null = null;
  #current: MapMarks = { selected: null, cursor: null, hover: null };
  #outline: readonly number[] = [];
  #image: ImageData | null = null;
  #geometry: Geometry = { cell: 1, left: 0, top: 0 };
  #ratio = 1;
  #frame: number | null = null;
  #dirtyData = false;

  constructor(private readonly dataCanvas: HTMLCanvasElement, private readonly marksCanvas: HTMLCanvasElement) {
    this.#data = contextOf(dataCanvas);
    this.#marks = contextOf(marksCanvas);
  }

  /** Size in CSS pixels and device pixels per CSS pixel. */
  resize(size: { widthPx: number; heightPx: number; ratio: number }): void {
    this.#ratio = size.ratio;
    for (const canvas of [this.dataCanvas, this.marksCanvas]) {
      canvas.width = Math.max(1, Math.round(size.widthPx * size.ratio));
      canvas.height = Math.max(1, Math.round(size.heightPx * size.ratio));
    }
    this.#place();
    this.#request(true);
  }

  show(layout: ShardLayout, picture: MapPicture): void {
    const layoutChanged = layout !== this.#layout;
    this.#layout = layout;
    this.#picture = picture;
    if (layoutChanged) {
      this.#place();
      this.#outline = this.#current.selected === null ? [] : outlineOf(layout, this.#current.selected);
    }
    this.#request(true);
  }

  mark(marks: MapMarks): void {
    if (marks.selected !== this.#current.selected && this.#layout !== null) {
      this.#outline = marks.selected === null ? [] : outlineOf(this.#layout, marks.selected);
    }
    this.#current = marks;
    this.#request(false);
  }

  /** The shard under a point in CSS pixels from the canvas's corner, or null. */
  shardAt(xPx: number, yPx: number): number | null {
    const layout = this.#layout;
    if (layout === null) return null;
    const column = Math.floor((xPx * this.#ratio - this.#geometry.left) / this.#geometry.cell);
    const row = Math.floor((yPx * this.#ratio - this.#geometry.top) / this.#geometry.cell);
    if (column < 0 || row < 0 || column >= layout.columns || row >= layout.rows) return null;
    const shardId = layout.cells[row * layout.columns + column]!;
    return shardId === EMPTY_CELL ? null : shardId;
  }

  /** Where a shard is drawn, in CSS pixels. */
  rectOf(shardId: number): { xPx: number; yPx: number; sizePx: number } | null {
    const layout = this.#layout;
    const cell = layout?.cellOf[shardId];
    if (layout === null || cell === undefined) return null;
    const { left, top, cell: size } = this.#geometry;
    return {
      xPx: (left + (cell % layout.columns) * size) / this.#ratio,
      yPx: (top + Math.floor(cell / layout.columns) * size) / this.#ratio,
      sizePx: size / this.#ratio,
    };
  }

  dispose(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  #place(): void {
    const layout = this.#layout;
    if (layout === null) return;
    const { width, height } = this.dataCanvas;
    const fit = Math.min(width / layout.columns, height / layout.rows);
    const cell = fit >= WHOLE_CELL_FROM ? Math.floor(fit) : fit;
    this.#geometry = {
      cell,
      left: Math.floor((width - cell * layout.columns) / 2),
      top: 0,
    };
    this.#small.width = layout.columns;
    this.#small.height = layout.rows;
    this.#image = new ImageData(layout.columns, layout.rows);
  }

  #request(data: boolean): void {
    this.#dirtyData ||= data;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  }

  #draw(): void {
    const layout = this.#layout;
    const picture = this.#picture;
    if (layout === null || picture === null || this.#image === null) return;
    if (this.#dirtyData) {
      const startedAt = performance.now();
      this.#drawData(layout, picture, this.#image);
      // For the browser tests and whoever looks: what the last redraw cost on this thread.
      this.dataCanvas.dataset['drawMs'] = (performance.now() - startedAt).toFixed(2);
      this.#dirtyData = false;
    }
    this.#drawMarks(picture.surface);
  }

  #drawData(layout: ShardLayout, picture: MapPicture, image: ImageData): void {
    const { background } = picture.surface;
    const pixels = new Uint32Array(image.data.buffer);
    this.#data.fillStyle = cssOf(background);
    this.#data.fillRect(0, 0, this.dataCanvas.width, this.dataCanvas.height);
    paintCells(layout, picture, background, pixels);
    this.#scale(this.#data, image, layout);
    if (picture.uniformBlocks && layout.blocks.length > 0) this.#patternBlocks(layout, picture);
    else this.#drawStencils(layout, picture, image, pixels);
    this.#drawGaps(layout, background);
    this.#drawBlocks(layout, picture);
  }

  #drawStencils(layout: ShardLayout, picture: MapPicture, image: ImageData, pixels: Uint32Array): void {
    const used = codesUsed(picture.codes);
    for (const { look, opaque } of picture.stencils) {
      const isMeaning = look === 'hatch' || look === 'cross';
      if (!isMeaning && this.#geometry.cell < PATTERN_FROM_CELL * this.#ratio) continue;
      if (!opaque.some((bits, code) => bits !== 0 && used[code] === 1)) continue;
      paintStencil(layout, picture.codes, opaque, pixels);
      this.#fillStencil(look, picture.surface, image, layout);
    }
  }

  #patternBlocks(layout: ShardLayout, picture: MapPicture): void {
    const { cell, left, top } = this.#geometry;
    for (const block of layout.blocks) {
      const first = layout.cells[block.row * layout.columns + block.column] ?? EMPTY_CELL;
      const code = first === EMPTY_CELL ? undefined : picture.codes[first];
      const stencil = code === undefined ? undefined : picture.stencils.find(({ opaque }) => opaque[code] !== 0);
      const pattern = stencil === undefined ? null : this.#data.createPattern(this.#tileOf(stencil.look, picture.surface), 'repeat');
      if (pattern === null) continue;
      const fullRows = Math.floor(block.shardCount / block.columns);
      const x = left + block.column * cell;
      const y = top + block.row * cell;
      this.#data.fillStyle = pattern;
      this.#data.fillRect(x, y, block.columns * cell, fullRows * cell);
      this.#data.fillRect(x, y + fullRows * cell, (block.shardCount % block.columns) * cell, cell);
    }
  }

  #scale(target: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, image: ImageData, layout: ShardLayout): void {
    const { cell, left, top } = this.#geometry;
    contextOf(this.#small).putImageData(image, 0, 0);
    target.imageSmoothingEnabled = cell < 1;
    target.drawImage(this.#small, 0, 0, layout.columns, layout.rows, left, top, cell * layout.columns, cell * layout.rows);
  }

  #fillStencil(look: StencilLook, surface: SurfaceColors, image: ImageData, layout: ShardLayout): void {
    const { width, height } = this.dataCanvas;
    const scratch = contextOf(this.#scratch);
    if (this.#scratch.width !== width || this.#scratch.height !== height) {
      this.#scratch.width = width;
      this.#scratch.height = height;
    }
    scratch.globalCompositeOperation = 'copy';
    this.#scale(scratch, image, layout);
    const pattern = scratch.createPattern(this.#tileOf(look, surface), 'repeat');
    if (pattern === null) return;
    scratch.globalCompositeOperation = 'source-in';
    scratch.fillStyle = pattern;
    scratch.fillRect(0, 0, width, height);
    this.#data.drawImage(this.#scratch, 0, 0);
  }

  #tileOf(look: StencilLook, surface: SurfaceColors): OffscreenCanvas {
    const key = `${look} ${this.#ratio} ${surface.hatch}`;
    const tile = this.#tiles.get(key) ?? patternTile(look, surface, this.#ratio);
    this.#tiles.set(key, tile);
    return tile;
  }

  /** Hair lines between cells that are large enough to need them. */
  #drawGaps(layout: ShardLayout, background: PackedColor): void {
    const { cell, left, top } = this.#geometry;
    if (cell < GAP_FROM_CELL * this.#ratio) return;
    const gap = Math.max(1, Math.round(this.#ratio));
    this.#data.fillStyle = cssOf(background);
    for (let column = 1; column < layout.columns; column += 1) this.#data.fillRect(left + column * cell - gap, top, gap, cell * layout.rows);
    for (let row = 1; row < layout.rows; row += 1) this.#data.fillRect(left, top + row * cell - gap, cell * layout.columns, gap);
  }

  /** Frames and names of the grouped layout, where there is room for them. */
  #drawBlocks(layout: ShardLayout, picture: MapPicture): void {
    const { cell, left, top } = this.#geometry;
    const context = this.#data;
    const fontPx = 11 * this.#ratio;
    context.font = `${fontPx}px system-ui, sans-serif`;
    context.textBaseline = 'bottom';
    for (const [index, block] of layout.blocks.entries()) {
      const x = left + block.column * cell;
      const y = top + block.row * cell;
      context.strokeStyle = picture.surface.hatch;
      context.lineWidth = 1;
      context.strokeRect(x - 0.5, y - 0.5, block.columns * cell + 1, block.rows * cell + 1);
      const label = picture.blockLabels[index];
      if (label === undefined || y < fontPx) continue;
      context.fillStyle = picture.surface.ink;
      const room = block.columns * cell;
      const long = `${label.text} · ${label.detail}`;
      const text = context.measureText(long).width <= room ? long : label.text;
      if (context.measureText(text).width <= room) context.fillText(text, x, y - 2 * this.#ratio);
    }
  }

  #drawMarks(surface: SurfaceColors): void {
    const context = this.#marks;
    const { cell, left, top } = this.#geometry;
    context.clearRect(0, 0, this.marksCanvas.width, this.marksCanvas.height);
    if (this.#outline.length > 0) {
      context.beginPath();
      for (let at = 0; at < this.#outline.length; at += 4) {
        context.moveTo(left + this.#outline[at]! * cell, top + this.#outline[at + 1]! * cell);
        context.lineTo(left + this.#outline[at + 2]! * cell, top + this.#outline[at + 3]! * cell);
      }
      this.#strokeTwice(surface, 1.5);
    }
    this.#drawBox(this.#current.hover, surface, 1);
    this.#drawBox(this.#current.cursor, surface, 2);
  }

  #drawBox(shardId: number | null, surface: SurfaceColors, widthPx: number): void {
    const rect = shardId === null ? null : this.rectOf(shardId);
    if (rect === null) return;
    // A cell of two pixels would vanish under its own frame: the frame keeps a size one can see.
    const least = 8;
    const grow = Math.max(0, (least - rect.sizePx) / 2);
    const size = (rect.sizePx + 2 * grow) * this.#ratio;
    this.#marks.beginPath();
    this.#marks.rect((rect.xPx - grow) * this.#ratio, (rect.yPx - grow) * this.#ratio, size, size);
    this.#strokeTwice(surface, widthPx);
  }

  #strokeTwice(surface: SurfaceColors, widthPx: number): void {
    const context = this.#marks;
    context.lineCap = 'square';
    context.strokeStyle = surface.halo;
    context.lineWidth = (widthPx + 2) * this.#ratio;
    context.stroke();
    context.strokeStyle = surface.ink;
    context.lineWidth = widthPx * this.#ratio;
    context.stroke();
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D;
function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D;
function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser gives no 2D canvas');
  return context;
}

function cssOf(color: PackedColor): string {
  return `rgb(${color & 255} ${(color >> 8) & 255} ${(color >> 16) & 255})`;
}

/** One tile of a look, 6 CSS pixels square. Diagonals only for "no data"; the cross is a shard that nobody serves. */
function patternTile(look: StencilLook, surface: SurfaceColors, ratio: number): OffscreenCanvas {
  const size = Math.round(6 * ratio);
  const tile = new OffscreenCanvas(size, size);
  const context = contextOf(tile);
  context.lineWidth = Math.max(1, ratio);
  context.strokeStyle = look === 'hatch' ? surface.hatch : look === 'cross' ? '#ffffff' : 'rgb(0 0 0 / 55%)';
  context.fillStyle = context.strokeStyle;
  context.beginPath();
  switch (look) {
    case 'hatch':
    case 'cross':
      context.moveTo(0, size);
      context.lineTo(size, 0);
      if (look === 'cross') {
        context.moveTo(0, 0);
        context.lineTo(size, size);
      }
      context.stroke();
      break;
    case 'dots':
      context.arc(size / 2, size / 2, ratio, 0, 2 * Math.PI);
      context.fill();
      break;
    case 'rows':
      context.fillRect(0, size / 2, size, Math.max(1, ratio));
      break;
    case 'columns':
      context.fillRect(size / 2, 0, Math.max(1, ratio), size);
      break;
    default:
      assertNever(look);
  }
  return tile;
}
