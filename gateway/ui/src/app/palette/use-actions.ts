import { useMemo } from "react";

import { keysOf } from "@/app/keyboard/registry";
import type { Entry } from "@/app/palette/find";
import { useOverlay } from "@/app/shell/overlay";
import { useCopyLink } from "@/app/shell/use-copy-link";
import { useZoomOut } from "@/app/shell/use-zoom-out";
import { useTravel } from "@/app/time-machine/use-travel";
import { useLogOut } from "@/lib/log-out";
import { useRights } from "@/lib/rights";
import { useSettings, type Settings } from "@/lib/settings";

type Look = readonly [title: string, changed: Partial<Settings>, words: string[]];

const LOOKS: readonly Look[] = [
  ["Theme: light", { theme: "light" }, ["look", "bright"]],
  ["Theme: dark", { theme: "dark" }, ["look", "night"]],
  ["Theme: as the system", { theme: "system" }, ["look"]],
  ["Density: comfortable", { density: "comfortable" }, ["rows"]],
  ["Density: compact", { density: "compact" }, ["rows", "dense"]],
  ["Times: local", { zone: "local" }, ["time zone"]],
  ["Times: UTC", { zone: "utc" }, ["time zone"]],
];

const ADD_CLUSTER: Entry = {
  id: "action:add-cluster",
  group: "Actions",
  title: "Add a cluster",
  to: "/clusters/add",
  words: ["register", "new"],
};

const NEW_REPORT: Entry = {
  id: "action:new-report",
  group: "Actions",
  title: "New report",
  to: "/reports",
  search: { report: "new" },
  words: ["pdf", "summary", "capacity", "schedule"],
};

const NEW_WATCH: Entry = {
  id: "action:new-watch",
  group: "Actions",
  title: "New watch",
  to: "/anomalies",
  search: { tab: "watches", watch: "new" },
  words: ["anomaly", "threshold", "detect", "watch something"],
};

const WHAT_IF: Entry = {
  id: "action:what-if",
  group: "Actions",
  title: "Start a what-if",
  hint: "runs history again",
  to: "/replays",
  search: { replay: "new" },
  words: ["replay", "history", "rehearse", "what if"],
};

/** What the palette can do. */
export function useActions(): Entry[] {
  const { as_of, goLive } = useTravel();
  const copyLink = useCopyLink();
  const zoomOut = useZoomOut();
  const settings = useSettings();
  const show = useOverlay((overlay) => overlay.show);
  const { mutate: logOut } = useLogOut();
  const { rules, operates } = useRights();
  const mayOperate = operates();
  return useMemo(() => {
    const action = (title: string, run: () => void, more: Partial<Entry> = {}): Entry => ({
      id: `action:${title}`,
      group: "Actions",
      title,
      run,
      ...more,
    });
      const looks = LOOKS.filter(([, changed]) => !isSo(settings, changed));
    return [
      ...(as_of === undefined
        ? []
        : [action("Back to live", goLive, { keys: keysOf("go-live"), words: ["now", "present"] })]),
      action("Go to a past instant", () => show("time-machine"), {
        keys: keysOf("time-machine"),
        words: ["time machine", "history", "as of"],
      }),
      action("Copy a link to this page", copyLink, {
        hint: "with fixed times",
        keys: keysOf("copy-link"),
        words: ["share", "url"],
      }),
      action("Zoom out: twice the time range", zoomOut, { keys: keysOf("zoom-out"), words: ["range", "longer"] }),
      action("Notifications", () => show("notifications"), { keys: keysOf("notifications"), words: ["bell", "what happened", "news"] }),
      ...(rules && as_of === undefined ? [ADD_CLUSTER] : []),
      ...(as_of === undefined ? [NEW_REPORT] : []),
      ...(mayOperate && as_of === undefined ? [NEW_WATCH, WHAT_IF] : []),
      ...looks.map(([title, changed, words]) => action(title, () => settings.set(changed), { words })),
      action("Keyboard shortcuts", () => show("shortcuts"), { keys: keysOf("help"), words: ["help", "keys"] }),
      action("Log out", () => logOut("here"), { words: ["sign out", "exit"] }),
    ];
  }, [as_of, goLive, copyLink, zoomOut, settings, show, logOut, rules, mayOperate]);
}

function isSo(settings: Settings, changed: Partial<Settings>): boolean {
  return Object.entries(changed).every(([name, value]) => settings[name as keyof Settings] === value);
}
