import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { NearButton } from "@/components/neighbourhood/near-link";
import { Places } from "@/components/neighbourhood/places";
import { show } from "@/testing/render";

const cluster = "00000000-0000-4000-8000-0000000000c1";

test("the button keeps the page and what is open on it, and says what it is around", async () => {
  const { user, where, entries } = await show(<NearButton of={{ kind: "pod", cluster, namespace: "shop", name: "cart-0" }} />, { at: "/alerts?alert=1" });
  const button = screen.getByRole("link", { name: "Around pod cart-0" });
  expect(button).toHaveAttribute("aria-keyshortcuts", "n");
  await user.click(button);
  expect(where()).toBe(`/alerts?alert=1&near=pod/shop/cart-0@${cluster}`);
  expect(entries()).toBe(2);
});

test("places of one cluster lead to what is around them, what has no neighbourhood is told", async () => {
  await show(<Places places={["node/worker-1", "config/shop/cart", "gpu/GPU-d73d39d0-eff8"]} cluster={cluster} />);
  expect(screen.getAllByRole("link").map((link) => link.textContent)).toEqual(["Around node worker-1", "Around GPU GPU-d73d39d0"]);
  expect(screen.getByText("config shop/cart")).toBeInTheDocument();
});

test("places that may be of several clusters lead nowhere", async () => {
  await show(<Places places={["node/worker-1"]} cluster={undefined} />);
  expect(screen.getByText("node worker-1")).toBeInTheDocument();
  expect(screen.queryByRole("link")).not.toBeInTheDocument();
});
