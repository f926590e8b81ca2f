import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Keyboard } from "@/app/shell/keyboard";
import { useOverlay } from "@/app/shell/overlay";
import { Toasts } from "@/app/shell/toasts";
import { getGetFleetHealthResponseMock } from "@/generated/api.msw";
import { usePageActions } from "@/lib/page-actions";
import { useSettings } from "@/lib/settings";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const fold = vi.fn();
/** What keys open comes as a script of its own. */
const LOADED = { timeout: 5_000 };
const page = (content: React.ReactNode = null) => (
  <>
    <main id="page">
      <h1>Page</h1>
      {content}
    </main>
    <Keyboard onNavigation={fold} />
  </>
);

beforeEach(() => {
  const [one] = getGetFleetHealthResponseMock().items;
  const items = Array.from({ length: 30 }, (_, at) => ({ ...one!, id: `id-${at}`, name: `edge-${at}` }));
  hub.use(http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items })));
});
afterEach(() => {
  useOverlay.getState().hide();
  useSettings.setState({ singleKeys: true, theme: "system" });
});

test("g and a letter go to a page", async () => {
  const { user, where } = await show(page());
  await user.keyboard("ga");
  await waitFor(() => expect(where()).toBe("/alerts"));
});

test("nothing happens while somebody types, and Ctrl K still opens the palette", async () => {
  const { user, where } = await show(page(<input aria-label="Name" />));
  await user.type(screen.getByLabelText("Name"), "ga?t[[");
  expect(where()).toBe("/");
  expect(useOverlay.getState().shown).toBeUndefined();
  expect(fold).not.toHaveBeenCalled();
  await user.keyboard("{Control>}k{/Control}");
  expect(await screen.findByRole("dialog", { name: "Search or go to" }, LOADED)).toBeVisible();
});

test("single keys can be turned off", async () => {
  useSettings.setState({ singleKeys: false });
  const { user, where } = await show(page());
  await user.keyboard("ga?");
  expect(where()).toBe("/");
  expect(useOverlay.getState().shown).toBeUndefined();
});

test("keys reach the page by its marks: filter, list, and live or paused", async () => {
  const pressed = vi.fn();
  const moved = vi.fn();
  const { user } = await show(
    page(
      <>
        <div data-filter>
          <input aria-label="Filter" />
        </div>
        <button type="button" aria-keyshortcuts="." onClick={pressed}>
          Live
        </button>
        <div className="table-scroller" role="table" tabIndex={0} onKeyDown={({ key }) => moved(key)} />
      </>,
    ),
  );
  await user.keyboard(".");
  await waitFor(() => expect(pressed).toHaveBeenCalledOnce());
  await user.keyboard("j");
  expect(moved).toHaveBeenCalledWith("j");
  expect(screen.getByRole("table")).toHaveFocus();
  await user.keyboard("/");
  expect(screen.getByLabelText("Filter")).toHaveFocus();
});

test("a key that does something here is not done a second time by the page", async () => {
  const pressed = vi.fn();
  const { user } = await show(
    page(
      <button type="button" aria-keyshortcuts="." onClick={pressed}>
        Live
      </button>,
    ),
  );
  const pageListens = vi.fn();
  document.addEventListener("keydown", pageListens);
  await user.keyboard(".x");
  document.removeEventListener("keydown", pageListens);
  expect(pressed).toHaveBeenCalledOnce();
  expect(pageListens.mock.calls.map(([event]) => (event as KeyboardEvent).key)).toEqual(["x"]);
});

test("the help says every key, and gives the focus back", async () => {
  const { user } = await show(page(<button type="button">Here</button>));
  screen.getByRole("button", { name: "Here" }).focus();
  await user.keyboard("?");
  const help = await screen.findByRole("dialog", { name: "Keyboard shortcuts" }, LOADED);
  expect(help).toHaveTextContent("Go to a past instant");
  expect(help).toHaveTextContent("Search or go to anything");
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.getByRole("button", { name: "Here" })).toHaveFocus();
});

test("beneath a dialog single keys do nothing, wherever the focus is", async () => {
  const { user, where } = await show(
    page(
      <div role="dialog" aria-modal="true" aria-label="Sure?">
        Sure?
      </div>,
    ),
  );
  await user.keyboard("ga?[[b");
  expect(where()).toBe("/");
  expect(fold).not.toHaveBeenCalled();
  expect(useOverlay.getState().shown).toBeUndefined();
});

test("the palette finds a cluster and goes there", async () => {
  const { user, where } = await show(page());
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox", {}, LOADED), "edge-17");
  await screen.findByRole("option", { name: /^edge-17/ });
  await user.keyboard("{Enter}");
  await waitFor(() => expect(where()).toBe("/clusters/id-17"));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("what was chosen last is offered first the next time", async () => {
  const { user } = await show(page());
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox", {}, LOADED), ">dark");
  await user.keyboard("{Enter}");
  expect(useSettings.getState().theme).toBe("dark");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox", {}, LOADED), ">");
  await user.clear(screen.getByRole("combobox"));
  await screen.findByText("Pages");
  // What is so already is not offered.
  expect(screen.queryByRole("option", { name: "Theme: dark" })).toBeNull();
});

test("Ctrl Enter opens a new tab and stays", async () => {
  const open = vi.spyOn(window, "open").mockReturnValue(null);
  const { user, where } = await show(page());
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox", {}, LOADED), ":alerts");
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(open).toHaveBeenCalledWith("/alerts", "_blank", "noopener");
  expect(where()).toBe("/");
});

test("what is typed before the palette is there is not lost", async () => {
  const { user } = await show(page());
  useOverlay.setState({ shown: "palette", typed: "edge-2" });
  expect(await screen.findByRole("combobox", {}, LOADED)).toHaveValue("edge-2");
  await user.keyboard("9");
  expect(screen.getByRole("combobox")).toHaveValue("edge-29");
});

test("a page's key does what the page offers, and the help says that first", async () => {
  const run = vi.fn();
  function Offering() {
    usePageActions([{ name: "acknowledge", title: "Acknowledge this incident", run }]);
    return null;
  }
  const { user } = await show(page(<Offering />));
  await user.keyboard("er");
  expect(run).toHaveBeenCalledOnce();
  await user.keyboard("?");
  const help = await screen.findByRole("dialog", { name: "Keyboard shortcuts" }, LOADED);
  expect(within(help).getAllByRole("heading", { level: 3 }).map(({ textContent }) => textContent)).toEqual([
    "This page",
    "Anywhere",
    "Lists",
    "Go to",
    "Time",
    "On other pages",
  ]);
  expect(within(help).getAllByRole("term")[0]).toHaveTextContent("Acknowledge this incident");
});

test("a colon opens the palette to jump, z doubles the range, and Back takes it back", async () => {
  const { user, where } = await show(page(), { at: "/alerts" });
  await user.keyboard("z");
  await waitFor(() => expect(where()).toBe("/alerts?from=now-2h&to=now"));
  await user.keyboard(":");
  expect(await screen.findByRole("combobox", {}, LOADED)).toHaveValue(":");
  await user.keyboard("pod upf{Enter}");
  await waitFor(() => expect(where()).toContain("/cnf?"));
  expect(where()).toContain("q=upf");
});

test("c copies a link with fixed times and says so", async () => {
  const { user } = await show(
    <>
      {page()}
      <Toasts />
    </>,
    { at: "/alerts" },
  );
  await user.keyboard("c");
  expect(await screen.findByText("Link copied, with fixed times")).toBeVisible();
  expect(await navigator.clipboard.readText()).toMatch(/from=20/);
});
