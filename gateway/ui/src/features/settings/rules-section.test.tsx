import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { draftOf, EMPTY, problemsOf, ruleInWords, ruleOf } from "@/features/settings/rules/words";
import { RulesSection } from "@/features/settings/rules-section";
import type { CorrelationRule, CorrelationRuleView } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

const rule = (id: string, changed: Partial<CorrelationRuleView> = {}): CorrelationRuleView => ({
  id,
  effect: "TOGETHER",
  names: ["Ptp*"],
  where: [],
  cluster_ids: [],
  equal: ["node"],
  within_seconds: 300,
  comment: "one clock feeds all",
  version: 3,
  changed_at: "2026-01-31T12:00:00Z",
  changed_by: "ada",
  redacted: false,
  ...changed,
});

let rules: CorrelationRuleView[];
let sent: { match: string | null; body: CorrelationRule }[];

beforeEach(() => {
  rules = [rule("ptp-per-node")];
  sent = [];
  const take = async ({ request }: { request: Request }) => {
    const body = (await request.json()) as CorrelationRule;
    sent.push({ match: request.headers.get("if-match"), body });
    rules = [...rules.filter(({ id }) => id !== body.id), rule(body.id, body)];
    return HttpResponse.json(rules.at(-1), { status: request.method === "POST" ? 201 : 200 });
  };
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [] })),
    http.get("*/api/v1/correlation-rules", () =>
      HttpResponse.json({ items: rules, total: rules.length, page: 1, page_size: 100, total_pages: 1 }),
    ),
    http.post("*/api/v1/correlation-rules", take),
    http.put("*/api/v1/correlation-rules/:id", take),
    http.delete("*/api/v1/correlation-rules/:id", ({ params }) => {
      rules = rules.filter(({ id }) => id !== params["id"]);
      return new HttpResponse(null, { status: 204 });
    }),
  );
});

test("each rule says in words what it does, and who has said so", async () => {
  await show(<RulesSection />);
  const row = (await screen.findByText("ptp-per-node")).closest("li");
  expect(row).toHaveTextContent(/Ptp\* are one incident where they have the same node, and begin within 5 min/);
  expect(row).toHaveTextContent(/one clock feeds all.*of any cluster.*by ada/);
});

test("a rule is made when nothing is wrong with it", async () => {
  const { user } = await show(<RulesSection />);
  await user.click(await screen.findByRole("button", { name: "Add a rule" }));
  const dialog = within(screen.getByRole("dialog"));
  const add = dialog.getByRole("button", { name: "Add the rule" });
  await user.type(dialog.getByRole("textbox", { name: "Name" }), "No");
  expect(dialog.getByText(/lower-case letters/)).toBeInTheDocument();
  expect(add).toBeDisabled();
  await user.clear(dialog.getByRole("textbox", { name: "Name" }));
  await user.type(dialog.getByRole("textbox", { name: "Name" }), "no-watchdog");
  await user.click(dialog.getByRole("radio", { name: "Ignored" }));
  await user.type(dialog.getByRole("textbox", { name: "Signals called" }), "Watchdog, Info*");
  await user.click(add);
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  expect(sent).toEqual([
    { match: null, body: { id: "no-watchdog", effect: "IGNORED", names: ["Watchdog", "Info*"], where: [], cluster_ids: [], equal: [], comment: "" } },
  ]);
  expect(await screen.findByText("no-watchdog")).toBeInTheDocument();
});

test("a rule is changed at the version that was seen, and removed after a question", async () => {
  const { user } = await show(<RulesSection />);
  await user.click(await screen.findByRole("button", { name: "Change ptp-per-node" }));
  const begin = within(screen.getByRole("dialog")).getByRole("textbox", { name: "Begin within" });
  await user.clear(begin);
  await user.type(begin, "1h");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent.map(({ match, body }) => [match, body.within_seconds])).toEqual([['"3"', 3600]]));
  await user.click(await screen.findByRole("button", { name: "Remove ptp-per-node" }));
  await user.click(screen.getByRole("button", { name: "Remove the rule" }));
  expect(await screen.findByText("There is no rule.")).toBeInTheDocument();
});

test("whoever is no administrator of all clusters reads them only", async () => {
  asking({ role: "operator" });
  await show(<RulesSection />);
  await screen.findByText("ptp-per-node");
  expect(screen.queryByRole("button", { name: /rule|ptp/ })).not.toBeInTheDocument();
});

test("what is written comes back as the same rule", () => {
  const plain: CorrelationRule = { id: "a-rule", effect: "TOGETHER", names: ["Ptp*"], where: ["node/*"], cluster_ids: [], equal: ["node"], within_seconds: 300, comment: "why" };
  expect(ruleOf(draftOf(plain))).toEqual(plain);
  expect(problemsOf(EMPTY)).toHaveProperty("equal");
  expect(ruleInWords({ ...plain, effect: "APART" })).toBe("are apart where they differ in node");
});
