'use client';

import { useEffect, useRef, type ReactNode, type RefObject } from 'react';
import { ShardCanvas, type MapMarks, type MapPicture } from './shard-canvas';
import type { ShardLayout } from './shard-layout';
import classes from './shard-picture.module.css';

export const NO_MARKS: MapMarks = { selected: null, cursor: null, hover: null };

export interface ShardPictureProps {
  readonly layout: ShardLayout;
  readonly picture: MapPicture;
  readonly marks?: MapMarks;
  /** Any CSS length; the picture is as wide as its container or as this height allows. */
  readonly heightMax: string;
  /** For hit tests; empty before the first effect and after unmounting. */
  readonly rendererRef?: RefObject<ShardCanvas | null>;
  /** Drawn above the canvases, positioned against the picture's corner. */
  readonly children?: ReactNode;
}

/** The thin React shell of ShardCanvas: it hands over what changed and knows nothing of pixels. */
export function ShardPicture({ layout, picture, marks = NO_MARKS, heightMax, rendererRef, children }: ShardPictureProps) {
  const dataRef = useRef<HTMLCanvasElement>(null);
  const marksRef = useRef<HTMLCanvasElement>(null);
  const ownRef = useRef<ShardCanvas | null>(null);

  useEffect(() => {
    const dataCanvas = dataRef.current;
    const marksCanvas = marksRef.current;
    if (dataCanvas === null || marksCanvas === null) return undefined;
    const renderer = new ShardCanvas(dataCanvas, marksCanvas);
    ownRef.current = renderer;
    if (rendererRef !== undefined) rendererRef.current = renderer;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      renderer.resize({ widthPx: entry.contentRect.width, heightPx: entry.contentRect.height, ratio: window.devicePixelRatio });
    });
    observer.observe(dataCanvas);
    return () => {
      observer.disconnect();
      renderer.dispose();
      ownRef.current = null;
      if (rendererRef !== undefined) rendererRef.current = null;
    };
  }, [rendererRef]);

  useEffect(() => { ownRef.current?.show(layout, picture); }, [layout, picture]);
  useEffect(() => { ownRef.current?.mark(marks); }, [marks]);

  const aspect = layout.columns / layout.rows;
  return (
    <div className={classes.picture} style={{ aspectRatio: aspect, maxWidth: `calc(${heightMax} * ${aspect})` }}>
      <canvas ref={dataRef} className={classes.layer} aria-hidden="true" />
      <canvas ref={marksRef} className={classes.layer} aria-hidden="true" />
      {children}
    </div>
  );
}
