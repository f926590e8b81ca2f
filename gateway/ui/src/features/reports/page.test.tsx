import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { ReportsPage } from "@/features/reports/page";
import { readReportsSearch } from "@/features/reports/search";
import { answering, CLUSTER, failed, ID, INCIDENT, report, running, schedule, SCHEDULE } from "@/features/reports/testing";
import { asking, hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

const showReports = (at = "/reports") => show(<ReportsPage />, { at, path: "/reports", readSearch: readReportsSearch });

test("reports are listed with what they are, and can be had", async () => {
  answering([report({ gaps: 2, cluster_scope: [CLUSTER] }), failed({ id: INCIDENT, title: "Too much" })]);
  await showReports();
  const table = await screen.findByRole("table", { name: "Reports" });
  expect(within(table).getByRole("link", { name: "The week in short" })).toHaveAttribute("href", `/reports/${ID}`);
  expect(within(table).getByText(/Executive summary · HTML · 2\.0 KiB/)).toHaveTextContent("2 things could not be read");
  expect(within(table).getByRole("link", { name: "Download: The week in short" })).toHaveAttribute("href", `/api/v1/reports/${ID}/download`);
  expect(within(table).getByText(/It took more than 120 s; ask for less\. Ask for a shorter period/)).toBeInTheDocument();
  expect(within(table).queryByRole("link", { name: "Download: Too much" })).not.toBeInTheDocument();
  expect(await within(table).findByText("edge-3")).toBeInTheDocument();
  expect(within(table).getByText("whole fleet")).toBeInTheDocument();
});

test("how far one is comes by the stream, and that it is ready", async () => {
  const tell = hearing();
  const { has } = answering([running()]);
  await showReports();
  expect(await screen.findByText("Being made")).toBeInTheDocument();
  tell({ event_type: "REPORT_PROGRESS", sequence: null, payload: { report_id: ID, status: "RUNNING", step: "reading alerts", done: 3, of: 9 } });
  const bar = await screen.findByRole("progressbar", { name: "The week in short: Reading alerts, step 3 of 9" });
  expect(bar).toHaveAttribute("value", "3");
  has.reports = [report()];
  tell({ event_type: "REPORT_GENERATED" });
  expect(await screen.findByText("Ready")).toBeInTheDocument();
  expect(screen.queryByRole("progressbar")).not.toBeInTheDocument();
});

test("filters are in the address and asked of the hub", async () => {
  const user = userEvent.setup();
  const { heard, has } = answering([report()]);
  const { where } = await showReports("/reports?status=FAILED");
  await screen.findByRole("table");
  has.reports = [];
  await user.click(screen.getByRole("button", { name: "Type" }));
  await user.click(await screen.findByRole("checkbox", { name: "Capacity plan" }));
  expect(await screen.findByText("No report passes the filters")).toBeInTheDocument();
  expect(heard.lists.at(-1)).toContain("report_type=CAPACITY_PLAN&status=FAILED");
  await user.click(screen.getAllByRole("button", { name: "Show all" })[0]!);
  expect(await screen.findByText("No report was made yet")).toBeInTheDocument();
  expect(where()).toBe("/reports");
});

test("one is deleted when that was read, and not without the right to", async () => {
  const user = userEvent.setup();
  const { heard } = answering([report()]);
  const shown = await showReports();
  await user.click(await screen.findByRole("button", { name: "Delete: The week in short" }));
  const dialog = await screen.findByRole("dialog");
  expect(heard.deleted).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Delete the report" }));
  expect(await screen.findByText("No report was made yet")).toBeInTheDocument();
  expect(heard.deleted).toEqual([ID]);
  shown.unmount();

  answering([report()]);
  asking({ role: "viewer" });
  await showReports();
  await screen.findByRole("table");
  expect(screen.queryByRole("button", { name: /^Delete/ })).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "New report" })).toBeInTheDocument();
});

test("an empty list says what reports are for, and a failure what to do", async () => {
  const user = userEvent.setup();
  answering([]);
  hub.use(http.get("*/api/v1/reports", () => HttpResponse.json({ error: { code: "INTERNAL_ERROR", message: "broken" } }, { status: 500 }), { once: true }));
  await showReports();
  expect(await screen.findByText("The reports could not be loaded")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/tells those who are not in front of this screen/)).toBeInTheDocument();
  expect(screen.getByText("Capacity plan")).toBeInTheDocument();
});

test("schedules tell when they are due, lead to what they made, and go", async () => {
  const user = userEvent.setup();
  const { heard } = answering([], [schedule()]);
  await showReports("/reports?tab=schedules");
  const table = await screen.findByRole("table", { name: "Schedules" });
  expect(within(table).getByText("Every Monday at 07:00 UTC")).toHaveAttribute("title", "0 7 * * MON");
  expect(within(table).getAllByText(/^\d{4}-\d\d-\d\d \d\d:00/)).not.toHaveLength(0);
  expect(within(table).getByRole("link", { name: "Monday's summary: what it has made" })).toHaveAttribute("href", `/reports?schedule_id=${SCHEDULE}`);
  await user.click(within(table).getByRole("button", { name: "Delete: Monday's summary" }));
  await user.click(await screen.findByRole("button", { name: "Delete the schedule" }));
  expect(await screen.findByText("No report is scheduled")).toBeInTheDocument();
  expect(heard.deleted).toEqual([SCHEDULE]);
});

test("one that ends before it is due again makes none", async () => {
  answering([], [schedule({ expires_at: "2020-01-01T00:00:00Z" })]);
  await showReports("/reports?tab=schedules");
  expect(await screen.findAllByText("none any more")).not.toHaveLength(0);
});

test("in the past nothing is asked for", async () => {
  answering([]);
  await show(<ReportsPage />, { at: "/reports?as_of=2026-01-31T12:00:00Z&report=new", path: "/reports" });
  expect(await screen.findByText("There was no report yet")).toBeInTheDocument();
  await waitFor(() => expect(screen.queryByRole("button", { name: "New report" })).not.toBeInTheDocument());
  expect(screen.queryByRole("complementary", { name: "New report" })).not.toBeInTheDocument();
});
