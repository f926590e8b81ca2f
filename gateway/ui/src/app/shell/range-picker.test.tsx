import { screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import { RangePicker } from "@/app/shell/range-picker";
import { useSettings } from "@/lib/settings";
import { show } from "@/testing/render";

const ends = (where: string) => {
  const search = new URLSearchParams(where.split("?")[1]);
  return [search.get("from"), search.get("to")];
};
afterEach(() => useSettings.setState({ zone: "local" }));

test("a range up to now is relative in the URL, and the usual one is not there at all", async () => {
  const { user, where } = await show(<RangePicker />, { at: "/?q=x" });
  await user.click(screen.getByRole("button", { name: "Time range: Last hour" }));
  await user.click(await screen.findByRole("button", { name: "Last 6 hours" }));
  expect(where()).toBe("/?q=x&from=now-6h&to=now");
  await user.click(screen.getByRole("button", { name: "Time range: Last 6 hours" }));
  await user.click(await screen.findByRole("button", { name: "Last hour" }));
  expect(where()).toBe("/?q=x");
});

test("times that are typed are those of the settings' zone, and everybody's in the URL", async () => {
  useSettings.setState({ zone: "utc" });
  const { user, where } = await show(<RangePicker />);
  await user.click(screen.getByRole("button"));
  for (const [label, text] of [
    ["From", "2026-03-04 11:00"],
    ["To", "2026-03-04 12:00"],
  ] as const) {
    await user.clear(await screen.findByLabelText(label));
    await user.type(screen.getByLabelText(label), text);
  }
  await user.click(screen.getByRole("button", { name: "Apply" }));
  expect(ends(where())).toEqual(["2026-03-04T11:00:00.000Z", "2026-03-04T12:00:00.000Z"]);
  expect(screen.getByRole("button", { name: "Time range: 03-04 11:00 – 03-04 12:00" })).toBeInTheDocument();
});

test("a range that ends before it begins is refused, with the reason", async () => {
  const { user } = await show(<RangePicker />);
  await user.click(screen.getByRole("button"));
  const from = await screen.findByLabelText("From");
  await user.clear(from);
  await user.type(from, "now");
  expect(screen.getByText("It ends before it begins.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Apply" })).toBeDisabled();
});

test("zooming out shows twice as much", async () => {
  const { user, where } = await show(<RangePicker />, { at: "/?from=now-6h&to=now" });
  await user.click(screen.getByRole("button"));
  await user.click(await screen.findByRole("button", { name: "Zoom out to twice as much" }));
  expect(ends(where())).toEqual(["now-12h", "now"]);
});
