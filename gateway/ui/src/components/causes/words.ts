/** What is behind an incident, in one line. */

import { nameInWords } from "@/components/seen/words";
import type { IncidentReach, RcaEvidence, RcaInShort } from "@/generated/api.schemas";
import { placeInWords, plural } from "@/lib/format";
import { shortened, signalInWords } from "@/lib/titles";

export interface Cause {
  /** How sure it is: before what it is. */
  lead: string;
  /** What is behind it; undefined where that is not told. */
  what?: string | undefined;
  /** `90 %`. */
  confidence?: string | undefined;
  /** It is taken for the cause, not guessed. */
  isKnown: boolean;
}

/** Causes are looked for within seconds; after so long nobody does. */
const LOOKING_MS = 5 * 60_000;
const MOST_NAME = 44;
const MOST_CHIP = 32;

/** `cause`: the newest analysis, null where there is none yet; `changed`: when the incident changed last. */
export function causeInWords(cause: RcaInShort | null | undefined, changed: string, now: number): Cause {
  if (cause == null) {
    const isLooking = now - Date.parse(changed) < LOOKING_MS;
    return { lead: isLooking ? "Still looking for the cause" : "The cause was not looked for yet", isKnown: false };
  }
  const { told, redacted, is_known: isKnown } = cause;
  if (redacted || told === null) return { lead: "Cause not shown: it may tell of clusters that you do not see", isKnown: false };
  const { entity, kind, score } = told;
  if (entity === null) return { lead: "Cause not known", isKnown: false };
  return {
    lead: isKnown ? "Likely cause:" : "Cause not known; best guess:",
    what: entityInWords(entity.place, kind),
    confidence: score === null ? undefined : `${Math.round(score * 100)} %`,
    isKnown,
  };
}

/** `node/gpu-4` as `GPU of node gpu-4`, where it is a GPU; as `node gpu-4`, where it is the node itself. */
function entityInWords(place: string, kind: string | null): string {
  const [what = "", ...name] = place.split("/");
  const said = placeInWords(name.length === 0 ? place : `${what}/${shortened(name.join("/"), MOST_NAME)}`);
  return kind === null || kind === what || said.includes(kind) ? said : `${said} (${kind})`;
}

/** A code or a name, and what the hub says in place of a code. */
const CLAIM = /^(?:([A-Za-z]\w*) of \S+|(.+?) on (?:the cluster|[a-z]\w* \S+)|(Cluster \w+)) since /;
const LED = /^(?:\S+ of \S+|.+ on .+|Cluster \w+) may have led to (?:([A-Za-z]\w*) of |(.+?) on (?:the cluster|[a-z]\w* \S+)$|(cluster \w+)$)/;

const nameIn = (pattern: RegExp, text: string): string | undefined => pattern.exec(text)?.slice(1).find((each) => each !== undefined);

/** What says so, in two or three words: the name of the signal, else how the sentence begins. */
export function evidenceInWords({ text, seen }: Pick<RcaEvidence, "text" | "seen">): string {
  if (seen !== null) return nameInWords(seen.name);
  const name = nameIn(CLAIM, text);
  if (name !== undefined) return signalInWords(name);
  const effect = nameIn(LED, text);
  if (effect !== undefined) return `Led to: ${signalInWords(effect)}`;
  const said = text.charAt(0).toUpperCase() + text.slice(1);
  return said.length <= MOST_CHIP ? said : `${said.slice(0, MOST_CHIP).replace(/\s+\S*$/, "")} …`;
}

const PLACES = ["clusters", "nodes", "gpus", "pods", "workloads", "namespaces"] as const;
export type Reached = (typeof PLACES)[number];

export interface Figure {
  of: Reached;
  /** `3 pods`. */
  said: string;
}

const NAMES: Readonly<Record<Reached, string>> = {
  clusters: "cluster",
  nodes: "node",
  gpus: "GPU",
  pods: "pod",
  workloads: "workload",
  namespaces: "namespace",
};

/** How far it reaches, of each kind that it has; one namespace says nothing beside what is in it. */
export function reachInFigures(reach: IncidentReach): Figure[] {
  const told = PLACES.filter((of) => reach[of] > (of === "namespaces" && reach.pods + reach.workloads > 0 ? 1 : 0));
  return told.map((of) => {
    const amount = plural(reach[of], NAMES[of]);
    return { of, said: reach.at_least && of !== "clusters" ? `at least ${amount}` : amount };
  });
}
