/** Offsets of a node's clocks, as they are compared with before. */

import type { ExplainedSeries } from "@/components/explain/explain-drawer";
import type { PtpHistory } from "@/generated/api.schemas";
import { clockNamed } from "@/lib/network-functions";

const NS = 1e-9;
/** Timestamps of network cards are no finer: a clock that follows wavers by this. */
const GRAIN = 8 * NS;

/** How far each is from its source, ahead or behind: its sign changes all the time while it follows. */
export const seriesOf = (history: PtpHistory): ExplainedSeries[] =>
  history.series.map(({ process, points }) => ({
    name: `${clockNamed(history.node_name, history.interface)}${process === null ? "" : ` by ${process}`}`,
    unit: "seconds",
    grain: GRAIN,
    clusterId: history.cluster_id,
    clusterName: history.cluster_name,
    // A point is told with the beginning of its step; in its middle it is on the right side of the window's.
    points: [
      points.map(([at]) => (at + history.step_seconds / 2) * 1000),
      points.map(([, ns]) => (ns === null ? Number.NaN : Math.abs(ns) * NS)),
    ],
  }));
