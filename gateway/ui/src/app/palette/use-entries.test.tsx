import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { useEntries } from "@/app/palette/use-entries";
import { getGetIncidentResponseMock } from "@/generated/api.msw";
import type { Whoami } from "@/generated/api.schemas";
import { usePageActions } from "@/lib/page-actions";
import { useViews } from "@/lib/views";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

function Titles() {
  return <ul>{useEntries("").map(({ id, title }) => <li key={id}>{title}</li>)}</ul>;
}

const ONLY_FOR_THOSE_WHO_RULE = ["Operations", "Audit", "Add a cluster"];

test.each<[string, Partial<Whoami>, string[]]>([
  ["an administrator of all clusters", {}, ONLY_FOR_THOSE_WHO_RULE],
  ["an administrator of one", { clusters: ["c1"] }, []],
  ["a viewer", { role: "viewer" }, []],
])("what one may not do is not found: %s", async (_, me, found) => {
  asking(me);
  await show(<Titles />);
  await waitFor(() => {
    const shown = screen.getAllByRole("listitem").map(({ textContent }) => textContent);
    expect(shown).toContain("Settings");
    expect(shown.filter((title) => ONLY_FOR_THOSE_WHO_RULE.includes(title))).toEqual(found);
  });
});

function Asked({ typed }: { typed: string }) {
  const asked = useEntries(typed).find(({ id }) => id === "action:ask");
  return <p>{asked === undefined ? "no question" : `${asked.title} at ${asked.to} ${JSON.stringify(asked.search)} ${asked.pin}`}</p>;
}

test.each([
  ["why is edge-3 slow", 'Ask the assistant: why is edge-3 slow at /chat {"ask":"why is edge-3 slow"} first'],
  ["edge-3", 'Ask the assistant: edge-3 at /chat {"ask":"edge-3"} last'],
  [":edge 3", "no question"],
  ["", "no question"],
])("what is typed can be asked: %s", async (typed, told) => {
  await show(<Asked typed={typed} />);
  expect(await screen.findByText(told)).toBeInTheDocument();
});

const ID = "0192f0c0-0000-7000-8000-000000000001";

test("an id leads to what it is of, as the hub says", async () => {
  const missing = () => HttpResponse.json({ error: { code: "NOT_FOUND", message: "no", details: {} } }, { status: 404 });
  hub.use(
    http.get("*/api/v1/incidents/:id", () => HttpResponse.json({ ...getGetIncidentResponseMock(), title: "Nodes are lost" })),
    ...["alerts", "anomalies", "reports", "chat/sessions"].map((of) => http.get(`*/api/v1/${of}/:id`, missing)),
  );
  function ById() {
    const found = useEntries(ID).filter(({ group }) => group === "By id");
    return <ul>{found.map(({ id, title, to }) => <li key={id}>{`${title} at ${to}`}</li>)}</ul>;
  }
  await show(<ById />);
  expect(await screen.findByText(`Nodes are lost at /incidents/${ID}`)).toBeInTheDocument();
  expect(screen.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual([
    `Nodes are lost at /incidents/${ID}`,
    "Events that belong together by it at /events",
  ]);
});

test("views are found, and open with their search", async () => {
  useViews.setState({ views: [{ name: "Night shift", path: "/alerts", search: "?severity=CRITICAL", isDefault: false }] });
  function Kept() {
    const view = useEntries("").find(({ group }) => group === "Views");
    return <p>{`${view?.title} at ${view?.to} ${JSON.stringify(view?.search)}`}</p>;
  }
  await show(<Kept />);
  expect(screen.getByText('Night shift at /alerts {"severity":"CRITICAL"}')).toBeInTheDocument();
  useViews.setState({ views: [] });
});

test("what the page below offers is there with its key", async () => {
  const run = vi.fn();
  function Below() {
    usePageActions([{ name: "acknowledge", title: "Acknowledge this incident", run }]);
    return null;
  }
  const { unmount } = await show(<Below />);
  function Offered() {
    const found = useEntries("").find(({ group }) => group === "On this page");
    return <button type="button" onClick={found?.run}>{`${found?.title} ${found?.keys}`}</button>;
  }
  const palette = await show(<Offered />);
  await palette.user.click(screen.getByRole("button", { name: "Acknowledge this incident e" }));
  expect(run).toHaveBeenCalledOnce();
  unmount();
});
