import { MutationObserver, onlineManager, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";

import { ApiError, call, Unreachable } from "@/lib/http";
import { createQueryClient, waitBefore } from "@/lib/query";

afterEach(() => {
  onlineManager.setOnline(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

const TOO_MUCH = { error: { code: "RATE_LIMITED", message: "this is asked too often" } };
const OK = () => Response.json(["there"]);
const tooMuch = (seconds: number) => Response.json(TOO_MUCH, { status: 429, headers: { "retry-after": String(seconds) } });

/** A hub that gives these answers one after the other, the last one from then on; the clock stands still. */
function answering(...answers: (() => Response)[]) {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const asked = vi.fn(async () => (answers.length > 1 ? answers.shift()! : answers[0]!)());
  vi.stubGlobal("fetch", asked);
  return asked;
}

test("a read that is put off waits as long as the hub says, and no error is seen meanwhile", async () => {
  const asked = answering(() => tooMuch(7), () => tooMuch(2), OK);
  const seen = new QueryObserver(createQueryClient(), { queryKey: ["a"], queryFn: ({ signal }) => call("/api/v1/a", { signal }) });
  const errors: unknown[] = [];
  const end = seen.subscribe(({ error }) => error && errors.push(error));
  // Half of a second by chance comes on top, then half of two.
  await vi.advanceTimersByTimeAsync(7_400);
  expect(asked).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(asked).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(2_800);
  expect(asked).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(300);
  expect(seen.getCurrentResult()).toMatchObject({ data: ["there"], status: "success" });
  expect(errors).toEqual([]);
  end();
});

test("nobody waits for an hour, nor for ever", async () => {
  const asked = answering(() => tooMuch(3_600));
  const read = createQueryClient().fetchQuery({ queryKey: ["a"], queryFn: () => call("/api/v1/a") });
  const failed = expect(read).rejects.toThrow("The hub takes no more from you for 3,600 seconds.");
  await vi.advanceTimersByTimeAsync(30_600);
  expect(asked).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  await failed;
  expect(asked).toHaveBeenCalledTimes(9);
});

test("a write that is put off fails at once, and may be repeated", async () => {
  const asked = answering(() => tooMuch(5), OK);
  const write = new MutationObserver(createQueryClient(), { mutationFn: () => call("/api/v1/a", { method: "POST" }) });
  await expect(write.mutate()).rejects.toThrow("The hub takes no more from you for 5 seconds.");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveBeenCalledOnce();
  await expect(write.mutate()).resolves.toEqual(["there"]);
});

test("many that are put off together come back apart, the further the more often they were", () => {
  const putOff = new ApiError(429, {}, 1);
  const spread = (failures: number) => {
    const waits = [0, 0.999].map((chance) => {
      vi.spyOn(Math, "random").mockReturnValue(chance);
      return Math.round(waitBefore(failures, putOff) / 1_000);
    });
    return waits;
  };
  expect([spread(0), spread(3), spread(7)]).toEqual([[1, 2], [1, 9], [1, 31]]);
});

test("what is away is asked sooner, then later", () => {
  expect([0, 1, 2, 9].map((failures) => waitBefore(failures, new Unreachable("away")))).toEqual([1_000, 2_000, 4_000, 30_000]);
});
