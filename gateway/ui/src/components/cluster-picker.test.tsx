import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { useState } from "react";
import { beforeEach, expect, test } from "vitest";

import { ClusterPicker } from "@/components/cluster-picker";
import { getGetFleetHealthResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const fleet = (...names: string[]) => {
  const [one] = getGetFleetHealthResponseMock().items;
  const items = names.map((name) => ({ ...one!, id: `id-${name}`, name }));
  hub.use(http.get("*/api/v1/fleet/health", () => HttpResponse.json(getGetFleetHealthResponseMock({ items }))));
};

function Picker({ first = [] }: { first?: string[] }) {
  const [chosen, setChosen] = useState(first);
  return <ClusterPicker chosen={chosen} onChange={setChosen} />;
}

const offered = () =>
  within(screen.getByRole("menu", { name: "Clusters" }))
    .getAllByRole("menuitem")
    .map((item) => item.textContent);

beforeEach(() => fleet("west-10", "west-9", "east"));

test("clusters stand by name, and none moves while one is chosen", async () => {
  const { user } = await show(<Picker />);
  await user.click(screen.getByRole("button", { name: "All clusters" }));
  await user.click(await screen.findByRole("checkbox", { name: "west-9" }));
  expect(offered()).toEqual(["east", "west-9", "west-10"]);
  expect(screen.getByRole("button", { name: "west-9" })).toHaveAttribute("aria-expanded", "true");
  await user.click(screen.getByRole("checkbox", { name: "west-10" }));
  expect(screen.getByRole("button", { name: "2 clusters" })).toBeVisible();
  expect(offered()).toEqual(["east", "west-9", "west-10"]);
});

test("those that are chosen come first when it is opened", async () => {
  const { user } = await show(<Picker first={["id-west-10"]} />);
  await user.click(await screen.findByRole("button", { name: "west-10" }));
  expect(offered()).toEqual(["west-10", "east", "west-9"]);
  await user.click(screen.getByRole("button", { name: "All clusters" }));
  expect(screen.getByRole("checkbox", { name: "west-10" })).not.toBeChecked();
});

test("of many a part is shown, and others are found by name", async () => {
  fleet(...Array.from({ length: 60 }, (_, number) => `edge-${number}`));
  const { user } = await show(<Picker />);
  await user.click(screen.getByRole("button", { name: "All clusters" }));
  expect(await screen.findByText("10 more: search by name")).toBeVisible();
  await user.type(screen.getByRole("textbox", { name: "Find a cluster" }), "EDGE-59");
  expect(offered()).toEqual(["edge-59"]);
});
