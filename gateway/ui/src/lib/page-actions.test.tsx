import { render } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { pageActions, runPageAction, usePageActions, type PageAction } from "@/lib/page-actions";

function Page({ actions }: { actions: readonly PageAction[] }) {
  usePageActions(actions);
  return null;
}

test("a page's actions are there while it is, as they are now", () => {
  const first = vi.fn();
  const second = vi.fn();
  const shown = render(<Page actions={[{ name: "ask", title: "Ask", run: first }]} />);
  shown.rerender(<Page actions={[{ name: "ask", title: "Ask about it", run: second }]} />);
  expect(pageActions().map(({ title }) => title)).toEqual(["Ask about it"]);
  expect(runPageAction("ask")).toBe(true);
  expect(second).toHaveBeenCalledOnce();
  expect(first).not.toHaveBeenCalled();
  expect(runPageAction("silence")).toBe(false);
  shown.unmount();
  expect(pageActions()).toEqual([]);
});

test("of two that are called alike the first counts", () => {
  const runs = [vi.fn(), vi.fn()];
  render(
    <>
      {runs.map((run, at) => (
        <Page key={at} actions={[{ name: "explain", title: "Explain this window", run }]} />
      ))}
    </>,
  );
  expect(pageActions()).toHaveLength(1);
  runPageAction("explain");
  expect(runs.map((run) => run.mock.calls.length)).toEqual([1, 0]);
});
