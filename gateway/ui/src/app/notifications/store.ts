/** What has happened since somebody looked last, on this browser; only when they looked is kept. */

import { create } from "zustand";
import { persist } from "zustand/middleware";

import { withNews, type News } from "@/app/notifications/news";
import type { Severity } from "@/generated/api.schemas";
import { kept } from "@/lib/kept";

interface Notifications {
  /** The newest first; not kept. */
  list: readonly News[];
  /** The newest that was seen (milliseconds since 1970, by the hub's clock); undefined: nobody has looked here yet. */
  seenAt: number | undefined;
  add: (more: readonly News[]) => void;
  /** Other severities than these are not wanted any more. */
  narrow: (wanted: readonly Severity[]) => void;
  /** All that is there was seen. */
  markRead: () => void;
}

const KEY = "aiops.seen";

export const useNotifications = create<Notifications>()(
  persist(
    (set) => ({
      list: [],
      seenAt: undefined,
      add: (more) => set(({ list }) => ({ list: withNews(list, more) })),
      narrow: (wanted) => set(({ list }) => ({ list: list.filter(({ severity }) => severity === undefined || wanted.includes(severity)) })),
      markRead: () => set(({ list, seenAt }) => ({ seenAt: Math.max(seenAt ?? 0, ...list.map(({ at }) => at)) })),
    }),
    {
      name: KEY,
      version: 1,
      storage: kept(),
      partialize: ({ seenAt }) => ({ seenAt }),
      merge: (stored, now) => {
        const seenAt = (stored as { seenAt?: unknown } | undefined)?.seenAt;
        return { ...now, seenAt: typeof seenAt === "number" && Number.isFinite(seenAt) ? seenAt : undefined };
      },
    },
  ),
);

// What was seen in one tab was seen.
window.addEventListener("storage", ({ key }) => {
  if (key === KEY) void useNotifications.persist.rehydrate();
});

/** How many happenings are not seen yet; a storm counts as one. */
export const unreadOf = ({ list, seenAt = 0 }: Pick<Notifications, "list" | "seenAt">): number => list.filter(({ at }) => at > seenAt).length;
