import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { Snippet } from "@/components/snippet";
import { show } from "@/testing/render";

afterEach(() => void vi.restoreAllMocks());

test("its text is copied whole, and that it was is said", async () => {
  const { user } = await show(<Snippet label="Command for the demo" text="aiops up --demo" />);
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await user.click(screen.getByRole("button", { name: "Copy: Command for the demo" }));
  expect(await screen.findByText("Copied")).toBeInTheDocument();
  expect(write).toHaveBeenCalledWith("aiops up --demo");
});
