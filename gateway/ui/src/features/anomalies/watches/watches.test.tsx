import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, expect, test, vi } from "vitest";

import { differencesIn, explanation } from "@/components/explain/testing";
import type { QueryEditorProps } from "@/components/query-editor/query-editor";
import { answering, CLUSTER, showAnomalies, watch } from "@/features/anomalies/testing";
import { boundsInWords, draftOf, idFor, problemsOf, watchOf } from "@/features/anomalies/watches/words";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

vi.mock("@/components/chart/plot-canvas", () => ({
  PlotCanvas: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));
// The editor has tests of its own; a field that is typed into is enough here.
vi.mock("@/components/query-editor/query-editor", () => ({
  QueryEditor: ({ label, value, onChange, error }: QueryEditorProps) => (
    <>
      <textarea aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} />
      <p>{error === undefined ? "" : `${error.message} [${error.position}]`}</p>
    </>
  ),
}));

/** Several answers after each other, on a machine that may be busy. */
const PATIENT = { timeout: 5_000 };
vi.setConfig({ testTimeout: 20_000 });

beforeAll(() => import("@/components/chart/figure"));

type User = Awaited<ReturnType<typeof showAnomalies>>["user"];

/** Written at once: a form of thirty fields is drawn anew with each key. */
async function write(user: User, field: HTMLElement, text: string) {
  await user.clear(field);
  await user.click(field);
  await user.paste(text);
}

const TAB = "/anomalies?tab=watches";

test("watches are listed, and one is shown with what it comes to and who has said it", async () => {
  const heard = answering({ watches: [watch("node-load")] });
  const { user, where } = await showAnomalies(TAB);
  const row = (await screen.findByText("node-load")).closest("[role=row]")!;
  expect(row).toHaveTextContent(/Load of the nodes.*node_load1.*all clusters.*every 1 min.*over 20.*Medium.*by ada/);
  await user.click(screen.getByText("Load of the nodes"));
  await waitFor(() => expect(where()).toBe("/anomalies?tab=watches&watch=node-load"));
  const drawer = within(await screen.findByRole("complementary", { name: "Watch" }));
  expect(await drawer.findByRole("img", { name: /^node_load1: 3 series/ }, PATIENT)).toBeInTheDocument();
  expect(heard.metrics[0]).toMatchObject({ query: "node_load1" });
  expect(drawer.getByRole("link", { name: "Its anomalies" })).toHaveAttribute("href", "/anomalies?watch_id=node-load");
});

test("what a watch sees is explained, over the range of the page and as long before", async () => {
  const heard = answering({ watches: [watch("node-load", { cluster_ids: [CLUSTER] })] });
  const { user, where } = await showAnomalies(`${TAB}&watch=node-load&from=2026-01-31T11:50:00.000Z&to=2026-01-31T12:00:00.000Z`);
  const times: [string, string][] = [];
  hub.use(
    http.post("*/api/v1/metrics/query_range", async ({ request }) => {
      const asked = (await request.json()) as { query: string; cluster_ids: string[]; start_time: string; end_time: string };
      heard.metrics.push(asked);
      times.push([asked.start_time, asked.end_time]);
      const values = Array.from({ length: 80 }, (_, at) => [
        Date.parse("2026-01-31T11:40:00Z") / 1000 + at * 15,
        String((at <= 40 ? 2 : 9) + (at % 3) / 10),
      ]);
      const data = [{ metric: { instance: "worker-3" }, values }];
      const result = { cluster_id: CLUSTER, cluster_name: "edge-1", status: "SUCCESS", result_type: "MATRIX", data, warnings: [] };
      return HttpResponse.json({ results: [result], clusters_queried: 1, clusters_succeeded: 1, missing: [], warnings: [] });
    }),
  );
  await user.click(await screen.findByRole("button", { name: "Explain this window" }, PATIENT));
  expect(where()).toContain("explain=true");
  const shown = await explanation();
  expect(await differencesIn(shown)).toEqual([expect.stringMatching(/rose from 2\.1 to 9\.1/)]);
  expect(times.at(-1)).toEqual(["2026-01-31T11:40:00.000Z", "2026-01-31T12:00:00.000Z"]);
  expect(heard.metrics.at(-1)).toMatchObject({ query: "node_load1", cluster_ids: [CLUSTER] });
  await user.click(shown.getByRole("button", { name: "Close" }));
  expect(where()).not.toContain("explain");
  expect(await screen.findByRole("complementary", { name: "Watch" })).toBeInTheDocument();
});

test("something is watched when nothing is wrong with it, named after its title", async () => {
  const heard = answering({});
  const { user, where } = await showAnomalies(TAB);
  await user.click(await screen.findByRole("button", { name: "Watch something" }));
  const form = within(screen.getByRole("complementary", { name: "Watch" }));
  const save = form.getByRole("button", { name: "Watch it" });
  expect(save).toBeDisabled();
  await write(user, form.getByRole("textbox", { name: "Title" }), "CPU of nodes");
  expect(form.getByRole("textbox", { name: "Name" })).toHaveValue("cpu-of-nodes");
  await write(user, form.getByRole("textbox", { name: "What is asked in PromQL" }), "node_load5");
  await write(user, form.getByRole("textbox", { name: "Told when over" }), "much");
  expect(form.getByText("A number, like 0.9")).toBeInTheDocument();
  expect(save).toBeDisabled();
  await write(user, form.getByRole("textbox", { name: "Told when over" }), "0.9");
  await user.selectOptions(form.getByRole("combobox", { name: "Asked" }), "every 5 min");
  await user.click(form.getByRole("radio", { name: "High" }));
  await user.click(form.getByRole("radio", { name: "Learnt" }));
  await user.click(save);
  await waitFor(() => expect(where()).toBe("/anomalies?tab=watches&watch=cpu-of-nodes"));
  expect(heard.watches).toEqual([
    {
      method: "POST",
      match: null,
      body: {
        id: "cpu-of-nodes",
        title: "CPU of nodes",
        query: "node_load5",
        cluster_ids: [],
        every_seconds: 300,
        sensitivity: "HIGH",
        detection_type: "ML_BASED",
        above: 0.9,
        below: null,
      },
    },
  ]);
});

test("a query that is no PromQL is told at its place, until it is changed", async () => {
  answering({ watches: [watch("node-load")] });
  hub.use(
    http.put("*/api/v1/watches/:id", () =>
      HttpResponse.json(
        { error: { code: "INVALID_PROMQL", message: "no", details: { position: 4, line: 1, column: 5, message: "unexpected end" } } },
        { status: 400 },
      ),
    ),
  );
  const { user } = await showAnomalies(`${TAB}&watch=node-load`);
  await user.click(await screen.findByRole("button", { name: "Change" }));
  const query = screen.getByRole("textbox", { name: "What is asked in PromQL" });
  await write(user, query, "sum(");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Character 5: unexpected end. [4]")).toBeInTheDocument();
  await write(user, query, "sum(up)");
  expect(screen.queryByText(/unexpected end/)).not.toBeInTheDocument();
});

test("a watch is changed at the version that was seen, and removed after a question", async () => {
  const heard = answering({ watches: [watch("node-load")] });
  const { user, where } = await showAnomalies(`${TAB}&watch=node-load`);
  await user.click(await screen.findByRole("button", { name: "Change" }));
  await user.clear(screen.getByRole("textbox", { name: "Told when over" }));
  await write(user, screen.getByRole("textbox", { name: "Told when under" }), "1");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(heard.watches.map(({ match, body }) => [match, body?.above, body?.below])).toEqual([['"3"', null, 1]]));
  await user.click(await screen.findByRole("button", { name: "Remove" }));
  await user.click(screen.getByRole("button", { name: "Remove the watch" }));
  expect(await screen.findByRole("heading", { name: "Nothing is watched" })).toBeInTheDocument();
  expect(where()).toBe("/anomalies?tab=watches");
});

test("what somebody else has changed meanwhile is not overwritten", async () => {
  const heard = answering({ watches: [watch("node-load")] });
  const tell = hearing();
  const { user } = await showAnomalies(`${TAB}&watch=node-load`);
  await user.click(await screen.findByRole("button", { name: "Change" }));
  const others = { title: "Of others", version: 4 };
  hub.use(
    http.get("*/api/v1/watches", () =>
      HttpResponse.json({ items: [watch("node-load", others)], total: 1, page: 1, page_size: 100, total_pages: 1 }),
    ),
  );
  tell({ event_type: "WATCH_DEFINED", payload: { watch: watch("node-load", others) } });
  expect(await screen.findByText("Of others", {}, PATIENT)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(heard.watches.map(({ match }) => match)).toEqual(['"3"']));
});

test("what is tried before it is saved is drawn with its bounds", async () => {
  const heard = answering({ watches: [watch("node-load")] });
  const { user } = await showAnomalies(`${TAB}&watch=node-load`);
  await user.click(await screen.findByRole("button", { name: "Change" }));
  await write(user, screen.getByRole("textbox", { name: "What is asked in PromQL" }), "node_load1 > 1");
  await user.click(screen.getByRole("button", { name: "Show what it comes to" }));
  await waitFor(() => expect(heard.metrics.at(-1)).toMatchObject({ query: "node_load1 > 1" }));
});

test("who may operate some clusters only changes what is watched there alone", async () => {
  answering({
    watches: [watch("everywhere"), watch("here", { title: "Here", cluster_ids: [CLUSTER] })],
    me: { role: "operator", clusters: [CLUSTER] },
  });
  const { user } = await showAnomalies(`${TAB}&watch=everywhere`);
  await screen.findByRole("complementary", { name: "Watch" });
  expect(screen.queryByRole("button", { name: "Change" })).not.toBeInTheDocument();
  await user.click(screen.getByText("Here"));
  expect(await screen.findByRole("button", { name: "Change" })).toBeInTheDocument();
});

test("what is written comes back as the same watch", () => {
  const plain = watch("node-load", { below: 0.5 });
  expect(plain).toMatchObject(watchOf(draftOf(plain)));
  expect(problemsOf(draftOf(plain))).toEqual({});
  expect(idFor("  99 % of Änderungen! ")).toBe("of-a-nderungen");
  expect(boundsInWords(plain)).toBe("over 20 or under 0.5");
  expect(problemsOf({ ...draftOf(plain), above: "1,000" })).toHaveProperty("above");
});
