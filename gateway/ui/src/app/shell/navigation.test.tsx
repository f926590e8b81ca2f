import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { Navigation } from "@/app/shell/navigation";
import { getListAlertsResponseMock } from "@/generated/api.msw";
import type { Whoami } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

/** A hub in which so many critical alerts fire. */
function firing(total: number, total_at_least = false) {
  hub.use(
    http.get("*/api/v1/alerts", ({ request }) => {
      const severity = new URL(request.url).searchParams.get("severity");
      const counted = severity === "CRITICAL" ? { total, total_at_least } : { total: 0, total_at_least: false };
      return HttpResponse.json({ ...getListAlertsResponseMock(), ...counted });
    }),
  );
}

test.each([
  [3, false, /^Alerts\s*3\s*critical$/],
  [4_321, false, /^Alerts\s*4\.3K\s*critical$/],
  [10_000, true, /^Alerts\s*10K\+\s*critical$/],
])("%j critical alerts that fire are counted beside Alerts", async (total, atLeast, said) => {
  firing(total, atLeast);
  await show(<Navigation onGo={() => {}} />);
  expect(await screen.findByRole("link", { name: said })).toBeVisible();
});

test("where none fires nothing is counted", async () => {
  firing(0);
  await show(<Navigation onGo={() => {}} />);
  expect(await screen.findByRole("link", { name: "Alerts" })).toBeVisible();
});

test.each<[string, Partial<Whoami>, string[]]>([
  ["an administrator of all clusters", {}, ["Operations", "Audit"]],
  ["an administrator of one", { clusters: ["00000000-0000-4000-8000-0000000000c1"] }, []],
  ["an operator", { role: "operator" }, []],
])("operations and audit are there for those who rule the platform: %s", async (_, me, there) => {
  firing(0);
  asking(me);
  await show(<Navigation onGo={() => {}} />);
  await waitFor(() => {
    const found = screen.queryAllByRole("link", { name: /^(Operations|Audit)$/ }).map(({ textContent }) => textContent);
    expect(found).toEqual(there);
  });
  expect(screen.getByRole("link", { name: "Settings" })).toBeVisible();
});
