import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { CopyMenu } from "@/components/copy-menu";
import { Drawer } from "@/components/drawer";
import { show } from "@/testing/render";

test("Escape closes it, and the focus goes back to where it was", async () => {
  const onClose = vi.fn();
  const { user } = await show(<button type="button">row</button>);
  screen.getByRole("button", { name: "row" }).focus();
  const drawer = await show(
    <Drawer title="DiskFull" label="Alert" onClose={onClose}>
      of it
    </Drawer>,
  );
  expect(screen.getByRole("complementary", { name: "Alert" })).toHaveFocus();
  await user.keyboard("{Escape}");
  expect(onClose).toHaveBeenCalledOnce();
  drawer.unmount();
  expect(screen.getByRole("button", { name: "row" })).toHaveFocus();
});

test("Escape closes a menu in it, and not both", async () => {
  const onClose = vi.fn();
  const { user } = await show(
    <Drawer title="DiskFull" label="Alert" onClose={onClose}>
      <CopyMenu />
    </Drawer>,
  );
  await user.click(screen.getByRole("button", { name: "Copy" }));
  await screen.findByRole("menuitem", { name: /Link/ });
  await user.keyboard("{Escape}");
  expect(onClose).not.toHaveBeenCalled();
  expect(screen.getByRole("button", { name: "Copy" })).toHaveAttribute("aria-expanded", "false");
});
