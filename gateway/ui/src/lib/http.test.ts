import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { ApiError, call, Unreachable } from "@/lib/http";
import { onSessionEnded } from "@/lib/session";
import { hub } from "@/testing/hub";

const refuse = (path: string, status: number, error: object) =>
  hub.use(http.all(`*${path}`, () => HttpResponse.json({ error }, { status })));

test("a refusal says what the hub said", async () => {
  refuse("/api/v1/clusters", 409, { code: "CLUSTER_EXISTS", message: "there is one", details: { name: "a" }, trace_id: "t" });
  const refused: unknown = await call("/api/v1/clusters", { method: "POST" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({
    status: 409,
    code: "CLUSTER_EXISTS",
    message: "there is one",
    details: { name: "a" },
    traceId: "t",
  });
});

test("an answer that is none of the hub's is an error all the same", async () => {
  hub.use(http.get("*/api/v1/clusters", () => new HttpResponse("<html>Bad gateway</html>", { status: 502 })));
  await expect(call("/api/v1/clusters")).rejects.toMatchObject({ status: 502, message: "The hub answered with 502." });
});

test("no answer is told from a refusal", async () => {
  hub.use(http.get("*/api/v1/clusters", () => HttpResponse.error()));
  await expect(call("/api/v1/clusters")).rejects.toBeInstanceOf(Unreachable);
});

test("who breaks a request off is not told that the hub is away", async () => {
  const broken = new AbortController();
  broken.abort();
  await expect(call("/api/v1/clusters", { signal: broken.signal })).rejects.not.toBeInstanceOf(Unreachable);
});

test("a session that has ended is told, a wrong code is not", async () => {
  const ended = vi.fn();
  const forget = onSessionEnded(ended);
  refuse("/auth/login", 401, { code: "AUTH_FAILED", message: "no" });
  await expect(call("/auth/login", { method: "POST" })).rejects.toThrow("no");
  expect(ended).not.toHaveBeenCalled();
  refuse("/api/v1/clusters", 401, { code: "AUTH_FAILED", message: "no" });
  await expect(call("/api/v1/clusters")).rejects.toThrow("no");
  expect(ended).toHaveBeenCalledOnce();
  forget();
});

test("nothing is what 204 says", async () => {
  hub.use(http.delete("*/api/v1/clusters/a", () => new HttpResponse(null, { status: 204 })));
  await expect(call("/api/v1/clusters/a", { method: "DELETE" })).resolves.toBeUndefined();
});

test("an answer that breaks off, or is somebody else's page, is none", async () => {
  for (const body of ['{"items": [', "<html>Log in to the proxy</html>", ""]) {
    hub.use(http.get("*/api/v1/clusters", () => new HttpResponse(body)));
    await expect(call("/api/v1/clusters")).rejects.toBeInstanceOf(Unreachable);
  }
});

const putOff = (told: Record<string, string>) =>
  hub.use(
    http.all("*/api/v1/silences", () =>
      HttpResponse.json({ error: { code: "RATE_LIMITED", message: "this is asked too often" } }, { status: 429, headers: told }),
    ),
  );

test.each<[Record<string, string>, string, number | undefined]>([
  [{ "retry-after": "12" }, "The hub takes no more from you for 12 seconds.", 12],
  [{ "retry-after": "1" }, "The hub takes no more from you for 1 second.", 1],
  [{}, "The hub takes no more from you for a moment.", undefined],
  [{ "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, "The hub takes no more from you for a moment.", undefined],
])("who asks too much is told for how long (%j), and nothing is sent again by itself", async (told, said, seconds) => {
  putOff(told);
  const sent = vi.spyOn(globalThis, "fetch");
  const refused: unknown = await call("/api/v1/silences", { method: "POST" }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "RATE_LIMITED", message: said, retryAfter: seconds });
  expect(sent).toHaveBeenCalledOnce();
});
