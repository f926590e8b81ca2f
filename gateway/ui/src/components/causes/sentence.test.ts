import { expect, test } from "vitest";

import { sentenceInWords } from "@/components/causes/sentence";

test("the hub's sentences are told without codes of signals and places", () => {
  const told = {
    "ROLLOUT_BEGAN of workload/shop/billing: a new version of its pods was rolled out": "Rollout began on workload shop/billing: a new version of its pods was rolled out",
    "HighErrorRate of workload/shop/billing since 2026-01-31 12:00:00 UTC (2 signals)": "High error rate on workload shop/billing since 2026-01-31 12:00:00 UTC (2 signals)",
    "LOG_CONFIG of workload/shop/billing may have led to GPU_GONE of node/gpu-4.spoke": "Log: config on workload shop/billing may have led to GPU lost on node gpu-4.spoke",
    "CLUSTER_OFFLINE of cluster may have led to HighErrorRate of workload/shop/shop.": "Cluster offline on cluster may have led to high error rate on workload shop/shop.",
    "workload/shop/billing (workload, 71%): LOG_DNS of workload/shop/billing: 69 lines like \"level=error of a/b\". Of the 7 things 4 may follow.":
      "Workload shop/billing (71 %): Log: DNS on workload shop/billing: 69 lines like \"level=error of a/b\". Of the 7 things 4 may follow.",
    "node/gpu-4 (GPU, 90%): GpuXidError of node/gpu-4 since 2026-01-31 12:00:00 UTC.": "Node gpu-4 (GPU, 90 %): GPU error (XID) on node gpu-4 since 2026-01-31 12:00:00 UTC.",
    "HighErrorRate on workload shop/billing since 2026-01-31 12:00:00 UTC": "High error rate on workload shop/billing since 2026-01-31 12:00:00 UTC",
    "Cluster offline may have led to HighErrorRate on workload shop/shop": "Cluster offline may have led to high error rate on workload shop/shop",
    "Workload shop/billing (71 %): Log: DNS on workload shop/billing: 69 lines.": "Workload shop/billing (71 %): Log: DNS on workload shop/billing: 69 lines.",
    "Node gpu-4 (GPU, 90 %): GPU XID error 79 on node gpu-4 since 2026-01-31 12:00:00 UTC.": "Node gpu-4 (GPU, 90 %): GPU XID error 79 on node gpu-4 since 2026-01-31 12:00:00 UTC.",
    "KubeAPIDown on the cluster since noon": "Kube API down on the cluster since noon",
    "HighErrorRate began before it": "High error rate began before it",
    "WORKLOAD_CRASHING belongs to nothing that is known": "Workload crash-looping belongs to nothing that is known",
    "HighErrorRate belongs to nothing that is known, and 3 more came with it": "High error rate belongs to nothing that is known, and 3 more came with it",
    "LOG_DNS is there again": "Log: DNS is there again",
    "same name GPU_GONE as 3 of its 5 signals there, began within 30 s": "same name “GPU lost” as 3 of its 5 signals there, began within 30 s",
    "it belongs to nothing that is known": "it belongs to nothing that is known",
    "something else explains it as well": "something else explains it as well",
  };
  for (const [text, said] of Object.entries(told)) expect(sentenceInWords(text)).toBe(said);
});
