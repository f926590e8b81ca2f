import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";

import { ViewsMenu } from "@/components/views/views-menu";
import { pageActions } from "@/lib/page-actions";
import { useViews, type View } from "@/lib/views";
import { show } from "@/testing/render";

const view = (name: string, more: Partial<View> = {}): View => ({ name, path: "/alerts", search: "?severity=CRITICAL", isDefault: false, ...more });
const kept = () => useViews.getState().views;

beforeEach(() => useViews.setState({ views: [] }));

test("a page is kept as it is, by a name, and opened again", async () => {
  const { user, where } = await show(<ViewsMenu />, { at: "/alerts?severity=CRITICAL&from=now-6h&to=now&as_of=2026-03-04T12:00:00Z" });
  await user.click(screen.getByRole("button", { name: "Views" }));
  await user.click(await screen.findByRole("menuitem", { name: /Save this view/ }));
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Night shift{Enter}");
  expect(kept()).toEqual([view("Night shift", { search: "?from=now-6h&severity=CRITICAL&to=now" })]);
  // What is shown is that view.
  await user.click(await screen.findByRole("button", { name: "Night shift" }));
  await user.click(await screen.findByRole("menuitem", { name: "Without any filter" }));
  await waitFor(() => expect(where()).toBe("/alerts"));
  await user.click(screen.getByRole("button", { name: "Views" }));
  await user.click(await screen.findByRole("menuitem", { name: "Night shift" }));
  await waitFor(() => expect(where()).toContain("severity=CRITICAL"));
  expect(where()).toContain("from=now-6h");
});

test("views are renamed, deleted and brought back, and one is what the page opens with", async () => {
  useViews.setState({ views: [view("first"), view("second", { path: "/events", search: "" })] });
  const { user } = await show(<ViewsMenu />, { at: "/alerts" });
  await user.click(screen.getByRole("button", { name: "Views" }));
  await user.click(await screen.findByRole("menuitem", { name: /Manage views/ }));
  const dialog = await screen.findByRole("dialog", { name: "Views" });
  expect(within(dialog).getByText(/stay in this browser/)).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Open Alerts with first" }));
  expect(kept()[0]!.isDefault).toBe(true);
  await user.click(within(dialog).getByRole("button", { name: "Rename first" }));
  const field = within(dialog).getByRole("textbox", { name: "New name of first" });
  await user.clear(field);
  await user.type(field, "better{Enter}");
  expect(kept()[0]).toEqual(view("better", { isDefault: true }));
  expect(within(dialog).getByRole("link", { name: /^better/ })).toHaveFocus();
  await user.click(within(dialog).getByRole("button", { name: "Rename better" }));
  await user.keyboard("er{Escape}");
  expect(within(dialog).getByRole("link", { name: /^better/ })).toHaveFocus();
  await user.click(within(dialog).getByRole("button", { name: "Delete better" }));
  expect(kept().map(({ name }) => name)).toEqual(["second"]);
  expect(within(dialog).getByRole("button", { name: "Undo" })).toHaveFocus();
  await user.click(within(dialog).getByRole("button", { name: "Undo" }));
  expect(kept()[0]).toEqual(view("better", { isDefault: true }));
});

test("the pencil ends what it has begun, and going elsewhere keeps the name without taking the focus back", async () => {
  useViews.setState({ views: [view("first")] });
  const { user } = await show(<ViewsMenu />, { at: "/alerts" });
  await user.click(screen.getByRole("button", { name: "Views" }));
  await user.click(await screen.findByRole("menuitem", { name: /Manage views/ }));
  const dialog = within(await screen.findByRole("dialog", { name: "Views" }));
  await user.click(dialog.getByRole("button", { name: "Rename first" }));
  await user.keyboard("!");
  await user.click(dialog.getByRole("button", { name: "Rename first" }));
  expect(dialog.queryByRole("textbox")).toBeNull();
  expect(dialog.getByRole("link", { name: /^first!/ })).toHaveFocus();
  await user.click(dialog.getByRole("button", { name: "Rename first!" }));
  await user.keyboard("?");
  await user.click(dialog.getByRole("button", { name: "Import a file" }));
  expect(kept().map(({ name }) => name)).toEqual(["first!?"]);
  expect(dialog.getByRole("link", { name: /^first!\?/ })).not.toHaveFocus();
});

test("a file of views is taken, and one that is none is said to be none", async () => {
  const { user } = await show(<ViewsMenu />, { at: "/alerts" });
  await user.click(screen.getByRole("button", { name: "Views" }));
  await user.click(await screen.findByRole("menuitem", { name: /Manage views/ }));
  const field = await screen.findByLabelText("A file of views");
  await user.upload(field, new File(["nonsense"], "a.json", { type: "application/json" }));
  expect(await screen.findByText("a.json holds no views.")).toBeVisible();
  await user.upload(field, new File([JSON.stringify({ views: [view("theirs")] })], "b.json", { type: "application/json" }));
  expect(await screen.findByText("1 view taken from b.json.")).toBeVisible();
  expect(kept()).toEqual([view("theirs")]);
});

test("what looks like a password is not kept, and that is said", async () => {
  const { user } = await show(<ViewsMenu />, { at: `/observability/metrics?query=${encodeURIComponent('up{token="abc"}')}` });
  await user.click(screen.getByRole("button", { name: "Views" }));
  await user.click(await screen.findByRole("menuitem", { name: /Save this view/ }));
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "x{Enter}");
  expect(screen.getByText(/looks like a token or a password/)).toBeVisible();
  expect(kept()).toEqual([]);
});

test("one thing has no views, and a page offers its views to the keyboard and the palette", async () => {
  const { unmount } = await show(<ViewsMenu />, { at: "/incidents/42" });
  expect(screen.queryByRole("button")).toBeNull();
  expect(pageActions()).toEqual([]);
  unmount();
  const list = await show(<ViewsMenu />, { at: "/incidents" });
  expect(pageActions().map(({ name }) => name)).toEqual(["save-view", "views"]);
  list.unmount();
  expect(pageActions()).toEqual([]);
});
