import { expect, test } from "vitest";

import { pageTitle } from "@/app/page-title";

test.each([
  ["/alerts", 3, false, "(3) Alerts · AIOps NextGen"],
  ["/clusters/42", 0, false, "Clusters · AIOps NextGen"],
  ["/", 120, false, "(99+) Fleet · AIOps NextGen"],
  ["/nowhere", 0, false, "AIOps NextGen"],
  ["/alerts", 3, true, "Past: Alerts · AIOps NextGen"],
] as const)("%s with %d critical alerts, in the past: %s", (path, critical, inPast, title) => {
  expect(pageTitle(path, critical, inPast)).toBe(title);
});
