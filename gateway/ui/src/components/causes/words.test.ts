import { expect, test } from "vitest";

import { causeInWords, evidenceInWords, reachInFigures } from "@/components/causes/words";
import type { RcaInShort, RcaSeen, RcaTold } from "@/generated/api.schemas";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const CHANGED = "2026-01-31T11:59:00Z";
const cause = (told: Partial<RcaTold> | null, of: Partial<RcaInShort> = {}): RcaInShort => ({
  rca_id: "r-1",
  is_known: true,
  analysed_at: CHANGED,
  sequence: 9,
  redacted: false,
  told:
    told === null
      ? null
      : {
          entity: { cluster_id: "c-1", place: "node/worker-3" },
          kind: "node",
          score: 0.654,
          explanation: "",
          claims: 0,
          evidence: [],
          ...told,
        },
  ...of,
});

test("a cause is named with how sure that is", () => {
  expect(causeInWords(cause({}), CHANGED, NOON)).toEqual({
    lead: "Likely cause:",
    what: "node worker-3",
    confidence: "65 %",
    isKnown: true,
  });
});

test("what is broken is said where the place alone does not say it", () => {
  expect(causeInWords(cause({ kind: "GPU" }), CHANGED, NOON).what).toBe("node worker-3 (GPU)");
  expect(causeInWords(cause({ entity: { cluster_id: "c-1", place: "cluster" }, kind: "cluster" }), CHANGED, NOON).what).toBe("cluster");
});

test("an unknown cause is a guess, and is told as one", () => {
  const found = causeInWords(cause({}, { is_known: false }), CHANGED, NOON);
  expect(found).toMatchObject({ lead: "Cause not known; best guess:", what: "node worker-3", isKnown: false });
  const nothing = causeInWords(cause({ entity: null, kind: null, score: null }, { is_known: false }), CHANGED, NOON);
  expect(nothing).toEqual({ lead: "Cause not known", isKnown: false });
});

test("where none was found it depends on how old the incident is", () => {
  expect(causeInWords(null, CHANGED, NOON).lead).toBe("Still looking for the cause");
  expect(causeInWords(null, "2026-01-31T11:00:00Z", NOON).lead).toBe("The cause was not looked for yet");
});

test("one that may tell of other clusters is not shown, and that is said", () => {
  expect(causeInWords(cause(null, { redacted: true }), CHANGED, NOON)).toEqual({
    lead: "Cause not shown: it may tell of clusters that you do not see",
    isKnown: false,
  });
});

test("evidence is the signal or what was seen in words, or how its sentence begins", () => {
  const inWords = (text: string, seen: string | null = null) =>
    evidenceInWords({ text, seen: seen === null ? null : ({ name: seen } as RcaSeen) });
  expect(inWords("it restarts", "LOG_DNS")).toBe("Log: DNS");
  expect(inWords("GpuXidError of node/gpu-4 since 2026-01-31 12:00:00 UTC")).toBe("GPU error (XID)");
  expect(inWords("PtpClockNotLocked of node/w-4 may have led to DpdkPacketsDropped of workload/du")).toBe("Led to: DPDK packets dropped");
  expect(inWords("HighErrorRate on workload shop/cart since 2026-01-31 12:00:00 UTC")).toBe("High error rate");
  expect(inWords("GPU XID error 79 on node gpu-4 since 2026-01-31 12:00:00 UTC (2 signals)")).toBe("GPU XID error 79");
  expect(inWords("Cluster offline since 2026-01-31 12:00:00 UTC")).toBe("Cluster offline");
  expect(inWords("GPU lost on node w-4 may have led to workload crash-looping on workload du/main")).toBe("Led to: workload crash-looping");
  expect(inWords("GPU lost on node w-4 may have led to KubePodNotReady on workload du/main")).toBe("Led to: Pod not ready");
  expect(inWords("the disk is full")).toBe("The disk is full");
  expect(inWords("it may have led to KubePodNotReady of workload/shop/cart")).toBe("It may have led to …");
});

test("figures tell what there is, and where there may be more", () => {
  const reach = { clusters: 2, namespaces: 0, workloads: 0, pods: 300, nodes: 1, gpus: 0, at_least: true };
  const inside = { ...reach, at_least: false, nodes: 0, pods: 1, namespaces: 1 };
  expect(reachInFigures(inside).map(({ said }) => said), "the pod's namespace is no news").toEqual(["2 clusters", "1 pod"]);
  expect(reachInFigures(reach).map(({ said }) => said)).toEqual(["2 clusters", "at least 1 node", "at least 300 pods"]);
});
