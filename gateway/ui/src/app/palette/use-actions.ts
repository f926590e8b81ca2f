import { useMemo } from "react";

import { keysOf } from "@/app/keyboard/registry";
import type { Entry } from "@/app/palette/find";
import { useOverlay } from "@/app/shell/overlay";
import { useTravel } from "@/app/time-machine/use-travel";
import { copyText } from "@/lib/copied";
import { lastingLink } from "@/lib/link";
import { useLogOut } from "@/lib/log-out";
import { useRange } from "@/lib/moment";
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

/** What the palette can do. */
export function useActions(): Entry[] {
  const { as_of, goLive } = useTravel();
  const range = useRange();
  const settings = useSettings();
  const show = useOverlay((overlay) => overlay.show);
  const { mutate: logOut } = useLogOut();
  const { rules } = useRights();
  return useMemo(() => {
    const action = (title: string, run: () => void, more: Partial<Entry> = {}): Entry => ({
      id: `action:${title}`,
      group: "Actions",
      title,
      run,
      ...more,
    });
    const copyLink = () => void copyText(lastingLink(location.href, range, as_of));
    const looks = LOOKS.filter(([, changed]) => !isSo(settings, changed));
    return [
      ...(as_of === undefined
        ? []
        : [action("Back to live", goLive, { keys: keysOf("go-live"), words: ["now", "present"] })]),
      action("Go to a past instant", () => show("time-machine"), {
        keys: keysOf("time-machine"),
        words: ["time machine", "history", "as of"],
      }),
      action("Copy a link to this page", copyLink, { hint: "with fixed times", words: ["share", "url"] }),
      ...(rules ? [ADD_CLUSTER] : []),
      ...(as_of === undefined ? [NEW_REPORT] : []),
      ...looks.map(([title, changed, words]) => action(title, () => settings.set(changed), { words })),
      action("Keyboard shortcuts", () => show("shortcuts"), { keys: keysOf("help"), words: ["help", "keys"] }),
      action("Log out", () => logOut("here"), { words: ["sign out", "exit"] }),
    ];
  }, [as_of, goLive, range, settings, show, logOut, rules]);
}

function isSo(settings: Settings, changed: Partial<Settings>): boolean {
  return Object.entries(changed).every(([name, value]) => settings[name as keyof Settings] === value);
}
