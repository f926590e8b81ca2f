import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import type { LogEvent } from "@/features/events/event";
import { SubjectLinks } from "@/features/events/subject-links";
import { getListEventsResponseMock } from "@/generated/api.msw";
import { show } from "@/testing/render";

const [any] = getListEventsResponseMock().items;
const event = (event_type: LogEvent["event_type"], payload: LogEvent["payload"]): LogEvent => ({
  ...any!,
  event_type,
  cluster_id: "c",
  payload,
});

test.each([
  ["GPU_XID_ERROR", { node_name: "gpu-1", gpu_uuid: "GPU-0", gpu_index: 3 }, "Open the GPU", "/gpu?open=c/gpu-1&gpu=3"],
  ["GPU_DISAPPEARED", { node_name: "gpu-1", gpu_uuid: "GPU-0", gpu_index: null }, "Open the GPU", "/gpu?open=c/gpu-1"],
  ["GPU_UPDATE", { node_name: "gpu-1" }, "Open the node", "/gpu?open=c/gpu-1"],
  [
    "CNF_STATUS_CHANGED",
    { area: "SRIOV", name: "worker-1/openshift.io/fronthaul" },
    "Open the network function",
    "/cnf?tab=functions&cluster_id=c&open=c/worker-1/openshift.io/fronthaul",
  ],
  [
    "CNF_STATUS_CHANGED",
    { area: "WORKLOAD", name: "ran/du-0" },
    "Open the network function",
    "/cnf?cluster_id=c&open=c/ran/du-0",
  ],
] as const)("%s of %j leads to what it is about", async (type, payload, said, href) => {
  await show(<SubjectLinks event={event(type, payload)} />);
  expect(screen.getByRole("link", { name: said })).toHaveAttribute("href", href);
});

test("an event whose payload is gone leads to its cluster only", async () => {
  await show(<SubjectLinks event={event("GPU_XID_ERROR", null)} />);
  expect(screen.getAllByRole("link").map(({ textContent }) => textContent)).toEqual(["Open the cluster"]);
});
