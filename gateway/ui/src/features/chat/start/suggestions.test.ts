import { expect, test } from "vitest";

import { suggestionsFor } from "@/features/chat/start/suggestions";

const OPEN = [{ id: "i1", title: "NodeDown on w-3" }, { id: "i2", title: "Slow" }, { id: "i3", title: "More" }];

test("what goes on comes first, for those who can look into it", () => {
  const found = suggestionsFor({ capabilities: ["list_incidents", "analyze_root_cause", "list_alerts", "query_logs"] }, OPEN);
  expect(found).toHaveLength(4);
  expect(found[0]).toEqual({ says: "Why “NodeDown on w-3”?", ask: "What is the root cause of incident i1?" });
  expect(found[2]!.ask).toBe("What is wrong right now, and what first?");
});

test("nothing is offered that a persona has no tool for", () => {
  expect(suggestionsFor({ capabilities: ["get_gpu_summary"] }, OPEN)).toEqual([
    { says: "How busy are our GPUs, and which stand idle?", ask: "How busy are our GPUs, and which stand idle?" },
  ]);
  expect(suggestionsFor({ capabilities: [] }, OPEN)).toEqual([]);
});
