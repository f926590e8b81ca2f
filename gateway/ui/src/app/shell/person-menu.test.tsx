import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { PersonMenu } from "@/app/shell/person-menu";
import { getGetFleetHealthResponseMock } from "@/generated/api.msw";
import type { Whoami } from "@/generated/api.schemas";
import { onSessionEnded } from "@/lib/session";
import { asking, hub, ways } from "@/testing/hub";
import { show } from "@/testing/render";

test("logging out ends the session; where that fails, one is told so and stays logged in", async () => {
  const ended = vi.fn();
  const forget = onSessionEnded(ended);
  hub.use(http.post("*/auth/logout", () => HttpResponse.error(), { once: true }));
  const { user } = await show(<PersonMenu />);
  const menu = screen.getByRole("button", { name: /^Logged in as/ });
  await user.click(menu);
  await user.click(screen.getByRole("menuitem", { name: "Log out" }));
  await user.click(menu);
  const again = await screen.findByRole("menuitem", { name: /you are still logged in/ });
  expect(ended).not.toHaveBeenCalled();
  hub.use(http.post("*/auth/logout", () => new HttpResponse(null, { status: 204 })));
  await user.click(again);
  await waitFor(() => expect(ended).toHaveBeenCalledOnce());
  forget();
});

test("every session of somebody ends at once, and this one with them", async () => {
  const ended = vi.fn();
  const forget = onSessionEnded(ended);
  const asked: URL[] = [];
  hub.use(
    http.post("*/auth/logout", ({ request }) => {
      asked.push(new URL(request.url));
      return HttpResponse.json({ status: "ok" });
    }),
  );
  const { user } = await show(<PersonMenu />);
  await user.click(await screen.findByRole("button", { name: "Logged in as ada" }));
  await user.click(screen.getByRole("menuitem", { name: /^Log out everywhere/ }));
  await waitFor(() => expect(ended).toHaveBeenCalledWith(true));
  expect(asked.map(({ searchParams }) => searchParams.get("everywhere"))).toEqual(["true"]);
  forget();
});

test.each<[Partial<Whoami>, string]>([
  [{}, "Admin of all clusters"],
  [{ role: "operator", clusters: ["c1"] }, "Operator of edge-1"],
  [{ role: null }, "Without a role: you may see nothing"],
  [
    { role: "admin", grants: [{ role: "admin", clusters: ["c1"] }, { role: "viewer", clusters: null }] },
    "Admin of edge-1; viewer of all clusters",
  ],
])("the role and its clusters are told (%j)", async (me, said) => {
  const [one] = getGetFleetHealthResponseMock().items;
  asking(me);
  hub.use(http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ ...one!, id: "c1", name: "edge-1" }] })));
  const { user } = await show(<PersonMenu />);
  await user.click(await screen.findByRole("button", { name: "Logged in as ada" }));
  expect(await screen.findByText(said)).toBeVisible();
});

test("where nobody logs in, the menu says so, and nobody can log out", async () => {
  asking({ user: "anybody" });
  hub.use(ways("none"));
  const { user } = await show(<PersonMenu />);
  expect(await screen.findByText("Nobody logs in here")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Nobody logs in here" }));
  expect(screen.getByText("Anybody")).toBeVisible();
  expect(screen.getByText("Admin of all clusters")).toBeVisible();
  expect(screen.getByRole("menuitem", { name: "Settings" })).toBeVisible();
  expect(screen.queryByRole("menuitem", { name: /log out/i })).toBeNull();
});
