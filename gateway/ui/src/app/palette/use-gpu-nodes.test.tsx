import { screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { useGpuNodes } from "@/app/palette/use-gpu-nodes";
import { getListGpuNodesResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

function Found({ typed }: { typed: string }) {
  return useGpuNodes(typed).map(({ id, title, hint, to, search }) => (
    <p key={id}>
      {title}: {hint}, {to} {JSON.stringify(search)}
    </p>
  ));
}

function withNodes(): string[] {
  const asked: string[] = [];
  const [node] = getListGpuNodesResponseMock().items;
  const [gpu] = node!.gpus;
  hub.use(
    http.get("*/api/v1/gpu/nodes", ({ request }) => {
      asked.push(new URL(request.url).searchParams.get("q") ?? "");
      const h100 = { ...gpu!, name: "NVIDIA H100" };
      const found = { ...node!, cluster_id: "c", cluster_name: "edge-1", node_name: "gpu-7", stale: false, gpus: [h100, h100] };
      return HttpResponse.json(getListGpuNodesResponseMock({ items: [found] }));
    }),
  );
  return asked;
}

test("nodes that are called like what was typed are found, with what they have", async () => {
  const asked = withNodes();
  await show(<Found typed=":gpu-7" />);
  expect(await screen.findByText('gpu-7: 2 × H100 in edge-1, /gpu {"open":"c/gpu-7"}')).toBeVisible();
  expect(asked).toEqual(["gpu-7"]);
});

test.each(["", "g", ">gpu"])("for %j the hub is not asked", async (typed) => {
  const asked = withNodes();
  const { client } = await show(<Found typed={typed} />);
  expect(client.isFetching()).toBe(0);
  expect(asked).toEqual([]);
});
