import { lazy, useEffect, type ComponentType, type LazyExoticComponent } from "react";

import { whenIdle } from "@/lib/when-idle";

export interface Lazily<Props> {
  Part: LazyExoticComponent<ComponentType<Props>>;
  load: () => Promise<unknown>;
}

/** A part of a page that only some look at: no page waits for its script. */
export function lazily<Name extends string, Props>(
  load: () => Promise<Readonly<Record<Name, ComponentType<Props>>>>,
  name: Name,
): Lazily<Props> {
  return { Part: lazy(() => load().then((module) => ({ default: module[name] }))), load };
}

/** Have their scripts come when there is nothing else to do, so that they open at once. */
export function useComingSoon(parts: readonly Pick<Lazily<never>, "load">[]): void {
  // One that does not come now is asked for again when it is wanted.
  useEffect(() => whenIdle(() => parts.forEach(({ load }) => void load().catch(() => undefined))), [parts]);
}
