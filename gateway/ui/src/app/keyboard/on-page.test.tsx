import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { focusFilter, moveRow, press } from "@/app/keyboard/on-page";

test("a filter is found by either mark, also around the field", () => {
  const { rerender } = render(
    <main id="page">
      <input aria-label="One" data-filter />
    </main>,
  );
  expect(focusFilter()).toBe(true);
  expect(screen.getByLabelText("One")).toHaveFocus();
  rerender(
    <main id="page">
      <div aria-keyshortcuts="/">
        <button type="button">Clear</button>
        <input aria-label="Two" />
      </div>
    </main>,
  );
  expect(focusFilter()).toBe(true);
  expect(screen.getByLabelText("Two")).toHaveFocus();
});

test("where there is nothing to do, it is said", () => {
  render(<main id="page">Empty</main>);
  expect([focusFilter(), press("."), moveRow("j")]).toEqual([false, false, false]);
});
