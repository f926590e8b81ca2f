import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { analysis, answering, detail, incidentId, showIncident } from "@/features/incidents/testing";
import type { ExplanationView } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";

const EXPLANATION: ExplanationView = {
  about: "INCIDENT",
  text: "**What it is:** `worker-3` is down.\n\n*No model was used: none is configured.*",
  model: null,
  provider: null,
  prompt_version: "template-1",
  prompt_tokens: 0,
  completion_tokens: 0,
  latency_ms: 3,
  shown_sha256: null,
  is_hypothesis: false,
  cut: false,
  evidence: [],
};

async function explained(changes: Partial<ExplanationView>) {
  answering({ one: detail(1), analyses: [analysis()] });
  const bodies: unknown[] = [];
  hub.use(
    http.post("*/api/v1/analysis/explain", async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json({ ...EXPLANATION, ...changes });
    }),
  );
  const { user } = await showIncident(1);
  const panel = within(await screen.findByRole("region", { name: "What is behind it" }));
  await user.click(await panel.findByRole("button", { name: "Explain in words" }));
  const shown = await panel.findByRole("region", { name: "In words" });
  expect(bodies).toEqual([{ incident_id: incidentId(1) }]);
  return shown;
}

test("without a model it is told so", async () => {
  const shown = await explained({});
  expect(within(shown).getByText("worker-3")).toBeInTheDocument();
  expect(within(shown).getByText("No model was used")).toBeInTheDocument();
  expect(within(shown).queryByText("Hypothesis")).not.toBeInTheDocument();
});

test("a model is named, and what it guesses is marked", async () => {
  const shown = await explained({ model: "qwen3-8b", provider: "vllm", is_hypothesis: true, cut: true, text: "The DNS." });
  expect(within(shown).getByText(/By qwen3-8b, which may be wrong; it was not shown all/)).toBeInTheDocument();
  expect(within(shown).getByText("Hypothesis")).toBeInTheDocument();
});

test("that it cannot be explained is told", async () => {
  answering({ one: detail(1), analyses: [analysis()] });
  hub.use(http.post("*/api/v1/analysis/explain", () => HttpResponse.json({ error: { code: "OVERLOADED", message: "later" } }, { status: 503 })));
  const { user } = await showIncident(1);
  await user.click(await screen.findByRole("button", { name: "Explain in words" }));
  expect(await screen.findByText(/It was not explained/)).toBeInTheDocument();
});
