import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { analysis, answering, detail, incidentId, showIncident } from "@/features/incidents/testing";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

const panel = async () => within(await screen.findByRole("region", { name: "What is behind it" }));

test("a cause is shown with what speaks for it, each event a link, and what to do next", async () => {
  answering({ one: detail(1), analyses: [analysis()] });
  const { user } = await showIncident(1);
  const shown = await panel();
  expect(await shown.findByText("node worker-3")).toBeInTheDocument();
  expect(shown.getByText("node, 91 %")).toBeInTheDocument();
  const claims = within(shown.getByRole("list", { name: "What speaks for it" })).getAllByRole("listitem");
  expect(claims[0]).not.toHaveTextContent("Hypothesis");
  expect(claims[1]).toHaveTextContent("Hypothesis");
  expect(within(claims[1]!).getAllByRole("link").map((each) => each.getAttribute("href"))).toEqual([
    "/events?event=4",
    "/events?event=5",
    "/events?event=6",
  ]);
  expect(shown.getByText("Against it: High error rate began before it.")).toBeInTheDocument();
  await user.click(shown.getByText("What to do next"));
  expect(shown.getByText("oc describe node worker-3")).toBeInTheDocument();
});

test("an unknown cause is told as such, with the best guess", async () => {
  answering({ one: detail(1), analyses: [analysis({ is_known: false, actions: [] })] });
  await showIncident(1);
  const shown = await panel();
  expect(await shown.findByText("The cause is unknown")).toBeInTheDocument();
  expect(shown.getByText("best guess: node worker-3")).toBeInTheDocument();
  expect(shown.queryByText("What to do next")).not.toBeInTheDocument();
});

test("where nobody has looked yet an operator may", async () => {
  answering({ one: detail(1), analyses: [] });
  const bodies: unknown[] = [];
  hub.use(
    http.post("*/api/v1/analysis/rca", async ({ request }) => {
      bodies.push(await request.json());
      answering({ one: detail(1), analyses: [analysis()] });
      return HttpResponse.json(analysis(), { status: 201 });
    }),
  );
  const { user } = await showIncident(1);
  const shown = await panel();
  await user.click(await shown.findByRole("button", { name: "Look for the cause" }));
  expect(await shown.findByText("node worker-3")).toBeInTheDocument();
  expect(bodies).toEqual([{ incident_id: incidentId(1) }]);
});

test("what may tell of other clusters is not shown", async () => {
  answering({ one: detail(1), analyses: [analysis({ redacted: true, causes: [], explanation: "not shown" })] });
  await showIncident(1);
  expect(await (await panel()).findByText(/^Not shown/)).toBeInTheDocument();
});

test("a new analysis of it is read as it is told", async () => {
  answering({ one: detail(1), analyses: [analysis()] });
  const tell = hearing();
  await showIncident(1);
  const shown = await panel();
  await shown.findByText("node worker-3");
  answering({ one: detail(1), analyses: [analysis({ is_known: false })] });
  tell({ event_type: "RCA_COMPLETE", payload: { result: analysis() } as never });
  expect(await shown.findByText("The cause is unknown", {}, { timeout: 5_000 })).toBeInTheDocument();
});
