import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { ReportPage } from "@/features/reports/detail/page";
import { answering, failed, ID, INCIDENT, report, running, SCHEDULE } from "@/features/reports/testing";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";
import { show } from "@/testing/render";

const showReport = (more = "") => show(<ReportPage />, { at: `/reports/${ID}${more}`, path: "/reports/$reportId" });

test("HTML is shown in a frame that runs nothing", async () => {
  answering([report({ incident_id: INCIDENT, schedule_id: SCHEDULE, model: "qwen" })]);
  await showReport();
  const frame = await screen.findByTitle<HTMLIFrameElement>("The week in short", { selector: "iframe" } as never);
  expect(frame).toHaveAttribute("src", `/api/v1/reports/${ID}/download`);
  const allowed = frame.getAttribute("sandbox")!.split(" ");
  expect(allowed).not.toContain("allow-scripts");
  expect(allowed).not.toContain("allow-same-origin");
  expect(screen.getByRole("link", { name: "The incident" })).toHaveAttribute("href", `/incidents/${INCIDENT}`);
  expect(screen.getByRole("link", { name: "on a schedule" })).toHaveAttribute("href", `/reports?schedule_id=${SCHEDULE}`);
  expect(screen.getByText("summary by qwen")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Download" })).toHaveAttribute("href", `/api/v1/reports/${ID}/download`);
});

test.each([
  ["MARKDOWN", "# The week\n\nAll *well*."],
  ["JSON", '{\n  "title": "The week"\n}'],
] as const)("%s is shown as text", async (format, text) => {
  answering([report({ format })]);
  await showReport();
  expect((await screen.findByLabelText("The week in short")).textContent).toBe(text);
});

test("a PDF is a file, and what was not read is said", async () => {
  answering([report({ format: "PDF", gaps: 1 })]);
  await showReport();
  expect(await screen.findByRole("link", { name: "Download 2.0 KiB" })).toHaveAttribute("href", `/api/v1/reports/${ID}/download`);
  expect(screen.getByText(/1 thing could not be read: the report says which/)).toBeInTheDocument();
  expect(screen.queryByTitle("The week in short", { selector: "iframe" } as never)).not.toBeInTheDocument();
});

test("it is followed while it is made, and shown when it is ready", async () => {
  const tell = hearing();
  const { has } = answering([running({ status: "QUEUED", format: "MARKDOWN" })]);
  await showReport();
  expect(await screen.findByText("It waits for its turn.")).toBeInTheDocument();
  tell({ event_type: "REPORT_PROGRESS", sequence: null, payload: { report_id: ID, status: "RUNNING", step: "drawing", done: 5, of: 8 } });
  expect(await screen.findByText("Drawing, step 5 of 8.")).toBeInTheDocument();
  has.reports = [report({ format: "MARKDOWN" })];
  tell({ event_type: "REPORT_GENERATED" });
  expect(await screen.findByText(/All \*well\*/)).toBeInTheDocument();
});

test("why it failed is said in words, and another can be asked for", async () => {
  answering([failed({ incident_id: INCIDENT, report_type: "INCIDENT_REPORT" })]);
  await showReport();
  expect(await screen.findByText("It was not made")).toBeInTheDocument();
  expect(screen.getByText(/It took more than 120 s; ask for less\. Ask for a shorter period or fewer clusters\./)).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Ask for another one" })).toHaveAttribute("href", `/reports?report=new&of=${INCIDENT}`);
});

test("a file that cannot be had says so, and is tried again", async () => {
  const user = userEvent.setup();
  answering([report({ format: "MARKDOWN" })]);
  const refusal = { error: { code: "BUS_UNAVAILABLE", message: "the store is away", details: {}, trace_id: "t" } };
  hub.use(http.get("*/api/v1/reports/:id/download", () => HttpResponse.json(refusal, { status: 503 }), { once: true }));
  await showReport();
  expect(await screen.findByText("The report itself could not be loaded")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/All \*well\*/)).toBeInTheDocument();
});

test("it is deleted from its page, and one is led to the others", async () => {
  const user = userEvent.setup();
  const { heard } = answering([report({ format: "PDF" })]);
  const { where } = await showReport();
  await user.click(await screen.findByRole("button", { name: "Delete" }));
  await user.click(await screen.findByRole("button", { name: "Delete the report" }));
  await waitFor(() => expect(where()).toBe("/reports"));
  expect(heard.deleted).toEqual([ID]);
});

test("none is there, now or at an instant", async () => {
  answering([]);
  const shown = await showReport();
  expect(await screen.findByText("There is no such report")).toBeInTheDocument();
  shown.unmount();
  await showReport("?as_of=2026-01-31T12:00:00Z");
  expect(await screen.findByRole("link", { name: "See it as it is now" })).toHaveAttribute("href", `/reports/${ID}`);
});
