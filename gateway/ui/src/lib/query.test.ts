import { onlineManager } from "@tanstack/react-query";
import { afterEach, expect, test } from "vitest";

import { ApiError, Unreachable } from "@/lib/http";
import { createQueryClient } from "@/lib/query";

afterEach(() => onlineManager.setOnline(true));

test("a hub on this machine is asked also where the browser says that there is no network", async () => {
  onlineManager.setOnline(false);
  const client = createQueryClient();
  await expect(client.fetchQuery({ queryKey: ["a"], queryFn: () => 7 })).resolves.toBe(7);
});

test("what may pass is tried again, a refusal is not", () => {
  const retry = createQueryClient().getDefaultOptions().queries?.retry as (failures: number, error: Error) => boolean;
  expect(retry(0, new Unreachable("away"))).toBe(true);
  expect(retry(3, new Unreachable("away"))).toBe(false);
  expect(retry(0, new ApiError(503, { code: "OVERLOADED" }))).toBe(true);
  expect(retry(0, new ApiError(404, { code: "NOT_FOUND" }))).toBe(false);
});
