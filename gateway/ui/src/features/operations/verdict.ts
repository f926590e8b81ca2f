/** Is all well, and if not: what is it, and what to do. The worst comes first. */

import type {
  ConsumerState,
  DeadLetterList,
  ProjectionBuild,
  StreamingStatus,
  StreamState,
} from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { lasting } from "@/lib/time";

import { NEEDED, type Report } from "@/features/operations/report";
import type { Tab } from "@/features/operations/search";

export interface Problem {
  tone: "danger" | "warning";
  what: string;
  advice: string;
  tab: Tab;
}

/** What is known; what has not been read yet says nothing. */
export interface Known {
  report?: Report | undefined;
  streams?: readonly StreamState[] | undefined;
  letters?: DeadLetterList | undefined;
  streaming?: StreamingStatus | undefined;
}

const BEHIND_EVENTS = 1_000;
const BEHIND_SECONDS = 10;
const FULL = 0.95;
const NEARLY_FULL = 0.8;
const WAITING = 1_000;

export function problems({ report, streams, letters, streaming }: Known): Problem[] {
  const found = [
    ...(report ? [...ofParts(report), ...report.projections.flatMap(ofBuild)] : []),
    ...(streams ?? []).flatMap((stream) => ofStream(stream)),
    ...ofLetters(letters),
    ...ofStreaming(streaming),
  ];
  return found.toSorted((a, b) => Number(b.tone === "danger") - Number(a.tone === "danger"));
}

function ofParts({ checks, parts, projections }: Report): Problem[] {
  const missing = NEEDED.filter((name) => !parts.some(({ part }) => part === name)).map((name): Problem => ({
    tone: "danger",
    what: `No process of ${name} is heard of`,
    advice: `Start ${name}, and see that it reaches the bus.`,
    tab: "health",
  }));
  const told = new Set<string>();
  // A build that stands still is told of with more words.
  const stopped = new Set(projections.filter(({ state }) => state === "stopped").map(({ name }) => `projection.${name}`));
  const own = Object.entries(checks).map(([name, check]) => ({ where: "this gateway", name, check }));
  const others = parts.flatMap(({ part, instance, checks }) =>
    Object.entries(checks).map(([name, check]) => ({ where: `${part} ${instance}`, name, check })),
  );
  const failed = [...own, ...others].flatMap(({ where, name, check: { ready, detail } }): Problem[] => {
    // The gateway that answers is among the processes as well.
    const once = `${name} ${detail}`;
    if (ready || stopped.has(name) || (told.has(once) && where !== "this gateway")) return [];
    told.add(once);
    return [
      {
        tone: "danger",
        what: `${checkName(name)} of ${where} is not ready${detail ? `: ${detail}` : ""}`,
        advice: adviceOn(name),
        tab: name.startsWith("projection.") ? "projections" : "health",
      },
    ];
  });
  return [...missing, ...failed];
}

/** `commands.alerts` as `Commands: alerts`. */
export function checkName(name: string): string {
  const [area = name, ...rest] = name.split(".");
  const said = (text: string) => text.replaceAll("_", " ");
  const first = said(area).replace(/^./, (letter) => letter.toUpperCase());
  return rest.length > 0 ? `${first}: ${said(rest.join("."))}` : first;
}

function adviceOn(check: string): string {
  if (check === "bus") return "See that NATS runs and can be reached from there.";
  if (check === "database") return "See that PostgreSQL runs and can be reached from there.";
  if (check.startsWith("projection.")) return "Its error is under Projections; a rebuild may be needed.";
  return "Its log says more; it tries again by itself.";
}

/** Seconds until what is behind is folded, at the present rate; undefined if nothing can be said. */
export function secondsBehind({ lag, rate }: Pick<ProjectionBuild, "lag" | "rate">): number | undefined {
  if (lag === 0) return 0;
  return lag === null || rate === null || rate <= 0 ? undefined : lag / rate;
}

function ofBuild(build: ProjectionBuild): Problem[] {
  const { name, slot, state, error, lag, poison_events } = build;
  const said = slot === "next" ? `The new build of ${name}` : `Projection ${name}`;
  const found: Problem[] = [];
  const add = (tone: Problem["tone"], what: string, advice: string) =>
    found.push({ tone, what, advice, tab: "projections" });
  const seconds = secondsBehind(build) ?? Number.POSITIVE_INFINITY;
  if (state === "stopped") {
    add("danger", `${said} stands still${error ? `: ${error}` : ""}`, "What it shows is old. See the projector's log, then rebuild it.");
  } else if (slot === "live" && lag !== null && lag > BEHIND_EVENTS && seconds > BEHIND_SECONDS) {
    const left = Number.isFinite(seconds) ? `, about ${lasting(seconds * 1000)}` : "";
    add("warning", `${said} is ${plural(lag, "event")} behind${left}`, "What it shows is that much old. It catches up by itself if it has the CPU and the database.");
  }
  if (poison_events > 0 && slot === "live") {
    add("warning", `${said} could not fold ${plural(poison_events, "event")}`, "They were skipped. After an upgrade that can fold them, rebuild it.");
  }
  return found;
}

function ofStream(stream: StreamState): Problem[] {
  const { name, limits, consumers } = stream;
  const found: Problem[] = [];
  const full = limits.fullness ?? 0;
  // Where old ones go, full is how it is meant to be.
  if (limits.when_full === "new" && full >= NEARLY_FULL) {
    found.push({
      tone: full >= FULL ? "danger" : "warning",
      what: `Stream ${name} is ${Math.round(full * 100)}% full`,
      advice: "When it is full it takes nothing new. See that its consumers run.",
      tab: "streams",
    });
  }
  return [
    ...found,
    ...consumers.flatMap((consumer) =>
      unusual(consumer).map((what): Problem => ({
        tone: "warning",
        what: `Consumer ${consumer.name} of ${name}: ${what}`,
        advice: "See the log of the process that reads it.",
        tab: "streams",
      })),
    ),
  ];
}

/** What is not as it should be with a reader; readers that come and go with a process say nothing. */
export function unusual({ durable, pending, redelivered }: ConsumerState): string[] {
  if (!durable) return [];
  return [
    pending > WAITING ? `${count(pending)} messages wait` : "",
    redelivered > 0 ? `${plural(redelivered, "message")} given again, not handled so far` : "",
  ].filter(Boolean);
}

function ofLetters(letters: DeadLetterList | undefined): Problem[] {
  if (letters === undefined || letters.items.length === 0) return [];
  const many = `${letters.items.length}${letters.next_cursor === null ? "" : " or more"}`;
  return [
    {
      tone: "warning",
      what: `${many} ${many === "1" ? "message" : "messages"} could not be handled`,
      advice: "Read why, then retry or drop each.",
      tab: "letters",
    },
  ];
}

function ofStreaming(status: StreamingStatus | undefined): Problem[] {
  if (status === undefined) return [];
  const found: Problem[] = [];
  const add = (tone: Problem["tone"], what: string, advice: string) =>
    found.push({ tone, what, advice, tab: "clients" });
  const errors = [status.error, status.telemetry_error].filter((error) => error !== null);
  for (const error of errors) {
    add("danger", `The live stream stands still: ${error}`, "Pages do not move by themselves until it is back; it tries again by itself.");
  }
  const clients = Object.values(status.clients).reduce((sum, each) => sum + each, 0);
  if (clients >= status.most_clients * 0.9) {
    add("warning", `${count(clients)} of at most ${count(status.most_clients)} live connections are taken`, "Add a gateway, or raise gateway.max_clients.");
  }
  return found;
}

/** What is well, in one sentence. */
export function allIsWell({ report, streams }: Known): string {
  const parts = report ? plural(report.parts.length, "process", "processes") : "";
  const live = report?.projections.filter(({ slot }) => slot === "live").length ?? 0;
  const said = [
    parts && `${parts} ready`,
    live > 0 && `${plural(live, "projection")} up to date`,
    streams && `${plural(streams.length, "stream")} with room`,
    "nothing that could not be handled",
  ].filter(Boolean);
  return `All is well: ${said.join(", ")}.`;
}
