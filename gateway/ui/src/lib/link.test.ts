import { expect, test } from "vitest";

import { lastingLink } from "@/lib/link";

test("a link shows later what it shows now", () => {
  const link = lastingLink("http://hub.test/alerts?q=a+b", { from: "now-1h", to: "now" }, "2026-03-04T12:00:00.000Z");
  expect(link).toBe("http://hub.test/alerts?q=a+b&from=2026-03-04T11:00:00.000Z&to=2026-03-04T12:00:00.000Z");
});
