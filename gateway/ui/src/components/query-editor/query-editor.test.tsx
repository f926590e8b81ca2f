import {
  CompletionContext,
  currentCompletions,
  selectedCompletion,
  startCompletion,
  type CompletionSource,
} from "@codemirror/autocomplete";
import { EditorView } from "@codemirror/view";
import { act, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeAll, expect, test, vi } from "vitest";

import { QueryEditor, type QueryEditorProps } from "@/components/query-editor/query-editor";
import { getListLogLabelsResponseMock, getListMetricLabelValuesResponseMock } from "@/generated/api.msw";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

// It is loaded when it is first shown; no test has to wait for that.
beforeAll(() => import("@/components/query-editor/editor"));

// jsdom lays nothing out.
beforeAll(() => {
  Range.prototype.getClientRects = () => [] as never;
});

async function edit(props: Partial<QueryEditorProps> = {}) {
  const told = { onChange: vi.fn(), onRun: vi.fn() };
  const shown = await show(<QueryEditor language="promql" value="up" label="Query A" {...told} {...props} />);
  const view = await waitFor(() => {
    const found = EditorView.findFromDOM(screen.getByRole("textbox", { name: "Query A" }));
    expect(found).not.toBeNull();
    return found!;
  });
  const press = (key: string, more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    act(() => view.contentDOM.dispatchEvent(event));
  };
  return { ...shown, ...told, view, press };
}

test("Enter runs what stands in one line", async () => {
  const { press, onRun } = await edit();
  press("Enter");
  expect(onRun).toHaveBeenCalledWith("up");
});

test("in several lines Enter is a new line, and Shift+Enter runs", async () => {
  const { press, onRun, view } = await edit({ value: "sum(\nup)" });
  press("Enter");
  expect(onRun).not.toHaveBeenCalled();
  expect(view.state.doc.lines).toBe(3);
  press("Enter", { shiftKey: true });
  expect(onRun).toHaveBeenCalledOnce();
});

test("what is typed is told; what is given from outside is not", async () => {
  const { view, onChange } = await edit();
  act(() => view.dispatch({ changes: { from: 2, insert: " == 0" } }));
  expect(onChange).toHaveBeenCalledExactlyOnceWith("up == 0");
});

test("what the hub has refused is read out", async () => {
  await edit({ value: "sum(", error: { message: "Character 5: unclosed left parenthesis.", position: 4 } });
  const said = screen.getByText("Character 5: unclosed left parenthesis.");
  expect(said).toHaveAttribute("aria-live", "polite");
  expect(screen.getByRole("textbox", { name: "Query A" })).toHaveAttribute("aria-describedby", said.id);
});

test("metrics of the chosen clusters complete PromQL", async () => {
  const asked: string[][] = [];
  hub.use(
    http.get("*/api/v1/metrics/label/__name__/values", ({ request }) => {
      asked.push(new URL(request.url).searchParams.getAll("cluster_id"));
      return HttpResponse.json(getListMetricLabelValuesResponseMock({ data: ["node_load1", "node_load5"] }));
    }),
  );
  const { view } = await edit({ value: "node_l", clusters: ["c1"] });
  act(() => {
    view.dispatch({ selection: { anchor: 6 } });
    startCompletion(view);
  });
  await waitFor(() =>
    expect(currentCompletions(view.state).map(({ label }) => label)).toEqual(
      expect.arrayContaining(["node_load1", "node_load5"]),
    ),
  );
  expect(asked).toEqual([["c1"]]);
});

test("Enter takes what is offered, but runs what stands there whole", async () => {
  const names = getListMetricLabelValuesResponseMock({ data: ["node_load1", "node_load15"] });
  hub.use(http.get("*/api/v1/metrics/label/__name__/values", () => HttpResponse.json(names)));
  const { view, press, onRun } = await edit({ value: "node_loa" });
  const offer = async () => {
    act(() => {
      view.dispatch({ selection: { anchor: view.state.doc.length } });
      startCompletion(view);
    });
    await waitFor(() => expect(selectedCompletion(view.state)?.label).toBe("node_load1"));
  };
  await offer();
  press("Enter");
  expect(view.state.doc.toString()).toBe("node_loa");
  // In its first moment nothing is taken.
  const later = Date.now() + 1_000;
  vi.spyOn(Date, "now").mockImplementation(() => later);
  press("Enter");
  expect(view.state.doc.toString()).toBe("node_load1");
  expect(onRun).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  await offer();
  vi.spyOn(Date, "now").mockImplementation(() => later + 1_000);
  press("Enter");
  expect(onRun).toHaveBeenCalledExactlyOnceWith("node_load1");
});

test.each([
  ["count(up)", false],
  ["up ", false],
  ["sum by (", true],
  ["count(u", true],
])("behind %s something is offered by itself: %s", async (value, offered) => {
  const names = getListMetricLabelValuesResponseMock({ data: ["up"] });
  hub.use(
    http.get("*/api/v1/metrics/label/__name__/values", () => HttpResponse.json(names)),
    http.get("*/api/v1/metrics/labels", () => HttpResponse.json(names)),
  );
  const { view } = await edit({ value });
  const [complete] = view.state.languageDataAt<CompletionSource>("autocomplete", value.length);
  const found = await complete!(new CompletionContext(view.state, value.length, false));
  expect((found?.options.length ?? 0) > 0).toBe(offered);
});

test("labels complete LogQL", async () => {
  const labels = getListLogLabelsResponseMock({ data: ["app", "pod"] });
  hub.use(http.get("*/api/v1/logs/labels", () => HttpResponse.json(labels)));
  const { view } = await edit({ language: "logql", value: "{" });
  act(() => {
    view.dispatch({ selection: { anchor: 1 } });
    startCompletion(view);
  });
  await waitFor(() => expect(currentCompletions(view.state).map(({ label }) => label)).toEqual(["app", "pod"]));
});

test("its own language completes TraceQL", async () => {
  const { view } = await edit({ language: "traceql", value: "{ status = " });
  act(() => {
    view.dispatch({ selection: { anchor: 11 } });
    startCompletion(view);
  });
  await waitFor(() => expect(currentCompletions(view.state).map(({ label }) => label)).toContain("error"));
});
