import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { becomes, madeOf, verdictOf } from "@/features/settings/rules/rehearsed-words";
import { RulesSection } from "@/features/settings/rules-section";
import type { CorrelationRuleView, DryRun, Rehearsed, RehearsedIncident } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const RULE: CorrelationRuleView = {
  id: "ptp-per-node",
  effect: "TOGETHER",
  names: ["Ptp*"],
  where: [],
  cluster_ids: [],
  equal: ["node"],
  within_seconds: 300,
  comment: "",
  version: 3,
  changed_at: "2026-01-31T12:00:00Z",
  changed_by: "ada",
  redacted: false,
};
const incident = (title: string, was: string[] = [], signals = 3): RehearsedIncident => ({
  title,
  severity: "WARNING",
  cluster_ids: [],
  where: [],
  signals,
  opened_at: "2026-01-31T12:00:00Z",
  was,
});
const rehearsed = (more: Partial<Rehearsed> = {}): Rehearsed => ({
  events: 812,
  before: 5,
  after: 4,
  signals_before: 40,
  signals_after: 40,
  changed: [incident("Clock of worker-3", ["Holdover", "Offset"], 9)],
  gone: [incident("Holdover", ["Clock of worker-3"]), incident("Offset", ["Clock of worker-3"])],
  whole_from: null,
  ...more,
});

let tried: DryRun[];

/** The hub answers a rehearsal so. */
function answering(body: object, status = 200) {
  hub.use(
    http.post("*/api/v1/correlation-rules/dry-run", async ({ request }) => {
      tried.push((await request.json()) as DryRun);
      return HttpResponse.json(body, { status });
    }),
  );
}

beforeEach(() => {
  tried = [];
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
    http.get("*/api/v1/correlation-rules", () =>
      HttpResponse.json({ items: [RULE], total: 1, page: 1, page_size: 100, total_pages: 1 }),
    ),
  );
  answering(rehearsed());
});

test("a rule that has no name yet is tried, and what would be stands beside what is", async () => {
  const { user } = await show(<RulesSection />);
  await user.click(await screen.findByRole("button", { name: "Add a rule" }));
  const dialog = within(screen.getByRole("dialog"));
  expect(dialog.getByRole("button", { name: "Try it" })).toBeDisabled();
  await user.type(dialog.getByRole("textbox", { name: "Together with the same" }), "node");
  await user.selectOptions(dialog.getByRole("combobox", { name: "On what happened" }), "The last week");
  await user.click(dialog.getByRole("button", { name: "Try it" }));
  expect(await dialog.findByText(/4 incidents instead of 5: 1 would merge several/)).toBeInTheDocument();
  expect(tried).toMatchObject([{ hours: 168, rule: { effect: "TOGETHER", equal: ["node"] } }]);
  const now = within(dialog.getByRole("region", { name: "Now" }));
  expect(now.getByText("Holdover").closest("li")).toHaveTextContent(/would go into Clock of worker-3.*3 signals/);
  const then = within(dialog.getByRole("region", { name: "With this rule" }));
  expect(then.getByText("Clock of worker-3").closest("li")).toHaveTextContent(/merges 2: Holdover, Offset.*9 signals/);
  expect(dialog.getByText(/812 events of the last week were read/)).toBeInTheDocument();
});

test("what was tried before the rule was changed says so", async () => {
  const { user } = await show(<RulesSection />);
  await user.click(await screen.findByRole("button", { name: "Change ptp-per-node" }));
  const dialog = within(screen.getByRole("dialog"));
  await user.click(dialog.getByRole("button", { name: "Try it" }));
  await dialog.findByText(/instead of 5/);
  expect(dialog.queryByText(/before you changed it/)).not.toBeInTheDocument();
  await user.click(dialog.getByRole("radio", { name: "Apart" }));
  expect(dialog.getByText(/before you changed it/)).toBeInTheDocument();
});

test("that a rule goes can be tried as well", async () => {
  answering(rehearsed({ changed: [], gone: [], before: 1, after: 1 }));
  const { user } = await show(<RulesSection />);
  await user.click(await screen.findByRole("button", { name: "Remove ptp-per-node" }));
  await user.click(screen.getByRole("button", { name: "Try it" }));
  expect(await screen.findByText("It would have made no difference: the same 1 incident.")).toBeInTheDocument();
  expect(tried).toEqual([{ without: "ptp-per-node", hours: 24 }]);
});

test("a refusal is told, and it can be tried again", async () => {
  answering({ error: { code: "LIMIT_REACHED", message: "more than 100,000 events happened in this time; take a shorter one" } }, 422);
  const { user } = await show(<RulesSection />);
  await user.click(await screen.findByRole("button", { name: "Remove ptp-per-node" }));
  await user.click(screen.getByRole("button", { name: "Try it" }));
  expect(await screen.findByText(/take a shorter one/)).toBeInTheDocument();
  answering(rehearsed());
  await user.click(screen.getByRole("button", { name: "Try it" }));
  await waitFor(() => expect(screen.queryByText(/take a shorter one/)).not.toBeInTheDocument());
});

test("each kind of change has its words", () => {
  expect(becomes(incident("a"))).toBe("would be none: its signals belong to no incident");
  expect(becomes(incident("a", ["b", "c", "d", "e"]))).toBe("would be split into 4: b, c, d and 1 more");
  expect(madeOf(incident("a"))).toBe("of signals that belong to no incident now");
  expect(verdictOf(rehearsed({ events: 0 }))).toMatch(/Nothing happened/);
  expect(verdictOf(rehearsed({ changed: [], gone: [incident("a")], after: 4 }))).toBe(
    "There would have been 4 incidents instead of 5: 1 would not be.",
  );
});
