import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { ReportsPage } from "@/features/reports/page";
import { readReportsSearch } from "@/features/reports/search";
import { answering, CLUSTER, ID, INCIDENT } from "@/features/reports/testing";
import { cronOf, EMPTY, problemsOf, recurringOf, requestOf, type Draft } from "@/features/reports/wizard/draft";
import { getGetIncidentResponseMock, getListIncidentsResponseMock } from "@/generated/api.msw";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const draft = (changed: Partial<Draft>): Draft => ({ ...EMPTY, ...changed });
const showForm = (at = "/reports?report=new") => show(<ReportsPage />, { at, path: "/reports", readSearch: readReportsSearch });

test("one that is asked for is shown as it is made", async () => {
  const user = userEvent.setup();
  const { heard } = answering([]);
  const { where } = await showForm();
  const form = await screen.findByRole("complementary", { name: "New report" });
  await user.click(within(form).getByRole("radio", { name: /^Capacity plan/ }));
  expect(within(form).getByLabelText("Period")).toHaveValue("30");
  await user.selectOptions(within(form).getByLabelText("Format"), "PDF");
  await user.type(within(form).getByLabelText("Title"), "  Room for more  ");
  await user.click(within(form).getByRole("button", { name: "All clusters" }));
  await user.click(await screen.findByRole("checkbox", { name: "edge-3" }));
  await user.click(within(form).getByRole("button", { name: "Make it" }));
  await waitFor(() => expect(where()).toBe(`/reports/${ID}`));
  const [{ time_range, ...asked }] = heard.asked as [(typeof heard.asked)[number]];
  expect(asked).toEqual({ report_type: "CAPACITY_PLAN", format: "PDF", title: "Room for more", cluster_scope: [CLUSTER] });
  expect(Date.parse(time_range!.end) - Date.parse(time_range!.start)).toBe(30 * 86_400_000);
});

test("what is wrong with a period is said, and it is not sent", async () => {
  const user = userEvent.setup();
  const { heard } = answering([]);
  await showForm();
  const form = await screen.findByRole("complementary", { name: "New report" });
  await user.selectOptions(within(form).getByLabelText("Period"), "own");
  await user.click(within(form).getByRole("button", { name: "Make it" }));
  expect(within(form).getByRole("alert")).toHaveTextContent("Say from when");
  await user.type(within(form).getByLabelText("From"), "now-100d");
  expect(within(form).getAllByText("It is longer than 90 days.")).not.toHaveLength(0);
  expect(heard.asked).toEqual([]);
});

test("one can be had again and again, and its next times are told", async () => {
  const user = userEvent.setup();
  const { heard } = answering([]);
  const { where } = await showForm();
  const form = await screen.findByRole("complementary", { name: "New report" });
  await user.click(within(form).getByRole("radio", { name: "On a schedule" }));
  expect(within(form).getByText(/^Next: \d{4}-\d\d-\d\d \d\d:00.* · /)).toBeInTheDocument();
  await user.selectOptions(within(form).getByLabelText("When"), "own");
  const cron = within(form).getByLabelText("Cron, in UTC");
  expect(cron).toHaveValue("0 7 * * MON");
  await user.clear(cron);
  await user.type(cron, "* 7 * * *");
  expect(within(form).getByText(/The minute is one number/)).toBeInTheDocument();
  await user.click(within(form).getByRole("button", { name: "Schedule it" }));
  expect(heard.scheduled).toEqual([]);
  await user.clear(cron);
  await user.type(cron, "30 6 1 * *");
  await user.click(within(form).getByRole("button", { name: "Schedule it" }));
  expect(await screen.findByRole("table", { name: "Schedules" })).toBeInTheDocument();
  expect(where()).toBe("/reports?tab=schedules");
  expect(heard.scheduled).toEqual([
    { report_type: "EXECUTIVE_SUMMARY", format: "HTML", title: "Executive summary", cluster_scope: [], cron: "30 6 1 * *", period_days: 7 },
  ]);
});

test("an incident's report comes with its incident, and another can be chosen", async () => {
  const user = userEvent.setup();
  const { heard } = answering([]);
  const other = "00000000-0000-4000-8000-e0000000000f";
  const [item] = getListIncidentsResponseMock({ items: [{ ...getGetIncidentResponseMock(), id: other, title: "Switch lost", severity: "CRITICAL" }] }).items;
  hub.use(
    http.get("*/api/v1/incidents/:id", () => HttpResponse.json({ ...getGetIncidentResponseMock(), id: INCIDENT, title: "NodeDown on w-3", severity: "WARNING" })),
    http.get("*/api/v1/incidents", () => HttpResponse.json({ ...getListIncidentsResponseMock(), items: [item], total: 1 })),
  );
  await showForm(`/reports?report=new&of=${INCIDENT}`);
  expect(await screen.findByText("NodeDown on w-3")).toBeInTheDocument();
  expect(screen.queryByLabelText("Period")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Another incident" }));
  await user.click(await screen.findByRole("radio", { name: /Switch lost/ }));
  await user.click(screen.getByRole("button", { name: "Make it" }));
  await waitFor(() => expect(heard.asked).toEqual([{ report_type: "INCIDENT_REPORT", format: "HTML", incident_id: other }]));
});

test("without an incident its report is not asked for", async () => {
  const user = userEvent.setup();
  const { heard } = answering([]);
  hub.use(http.get("*/api/v1/incidents", () => HttpResponse.json({ ...getListIncidentsResponseMock(), items: [], total: 0 })));
  await showForm();
  await user.click(await screen.findByRole("radio", { name: /^Incident report/ }));
  expect(await screen.findByText("There is no incident yet.")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Make it" }));
  expect(screen.getByRole("alert")).toHaveTextContent("Choose the incident that it is about.");
  expect(heard.asked).toEqual([]);
});

test("who may only read schedules nothing, and is told why", async () => {
  answering([]);
  asking({ role: "viewer" });
  await showForm();
  expect(await screen.findByText("Operators and administrators can schedule reports.")).toBeInTheDocument();
  expect(screen.getByRole("radio", { name: /^On a schedule/ })).toBeDisabled();
});

test("what the hub refuses is said beside the form, which stays", async () => {
  const user = userEvent.setup();
  answering([]);
  const refusal = { error: { code: "LIMIT_REACHED", message: "there are too many reports", details: {}, trace_id: "t" } };
  hub.use(http.post("*/api/v1/reports", () => HttpResponse.json(refusal, { status: 409 })));
  await showForm();
  await user.type(await screen.findByLabelText("Title"), "Mine");
  await user.click(screen.getByRole("button", { name: "Make it" }));
  expect(await screen.findByText(/there are too many reports/)).toBeInTheDocument();
  expect(screen.getByLabelText("Title")).toHaveValue("Mine");
});

test("what was typed is what is asked", () => {
  expect(cronOf(draft({ rhythm: "weekdays", time: "06:05" }))).toBe("5 6 * * MON-FRI");
  expect(cronOf(draft({ rhythm: "monthly", time: "00:00" }))).toBe("0 0 1 * *");
  expect(problemsOf(draft({ isRepeated: true, time: "" }), "utc", NOW)).toEqual({ cron: "Say at what time." });
  const own = draft({ span: "own", from: "2026-01-30", to: "now-1h" });
  expect(problemsOf(own, "utc", NOW)).toEqual({});
  expect(requestOf(own, "utc", NOW).time_range).toEqual({ start: "2026-01-30T00:00:00.000Z", end: "2026-01-31T11:00:00.000Z" });
  expect(problemsOf({ ...own, from: "2026-03-01", to: "2026-03-02" }, "utc", NOW).period).toMatch(/future/);
  expect(problemsOf({ ...own, to: "2026-01-01" }, "utc", NOW).period).toMatch(/before it begins/);
  // One incident is never told of again and again, and its time is its own.
  expect(problemsOf({ ...own, type: "INCIDENT_REPORT", incident: INCIDENT, isRepeated: true, cron: "x" }, "utc", NOW)).toEqual({});
  expect(recurringOf(draft({ type: "CAPACITY_PLAN", title: " Room " }))).toMatchObject({ title: "Room", period_days: 30 });
});
