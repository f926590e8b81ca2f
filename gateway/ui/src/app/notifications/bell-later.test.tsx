import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { BellLater } from "@/app/notifications/bell-later";
import { show } from "@/testing/render";

test("the bell comes by itself, and its place is kept until then", async () => {
  const { container } = await show(<BellLater />);
  expect(container.querySelector(".bell-to-come, .bell")).not.toBeNull();
  expect(await screen.findByRole("button", { name: /^Notifications/ }, { timeout: 8_000 })).toBeVisible();
  expect(container.querySelector(".bell-to-come")).toBeNull();
});
