/** The rows that the list shows: as they come, or standing still while somebody is in them. */

import { useState } from "react";

import type { ClusterView } from "@/generated/api.schemas";
import { useHeld } from "@/lib/held";

const idOf = ({ id }: ClusterView) => id;

/**
 * `key`: what is looked for. Another question is another list, which is not held at what the last
 * one had; `settled`: `rows` are the answer to it.
 */
export function useHeldRows(rows: readonly ClusterView[], key: string, settled: boolean) {
  const [paused, setPaused] = useState(false);
  const [inList, setInList] = useState(false);
  return { ...useHeld(rows, paused || inList, idOf, key, settled), paused, setPaused, onHeld: setInList };
}
