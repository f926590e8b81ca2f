import { act, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { usePrinting } from "@/lib/printing";

function Page() {
  const { printing, href } = usePrinting();
  return (
    <>
      <a href="/events?event=4">Event 4</a>
      <p>{printing ? `on paper from ${href}` : "on screen"}</p>
      <details data-testid="folded">Folded</details>
      <details data-testid="unfolded" open>
        Unfolded
      </details>
    </>
  );
}
const isOpen = (id: string) => screen.getByTestId<HTMLDetailsElement>(id).open;
const happens = (name: string) => act(() => void window.dispatchEvent(new Event(name)));

test("what is folded is open on paper alone, and the page knows at once", () => {
  render(<Page />);
  happens("beforeprint");
  expect(screen.getByRole("link")).toHaveAttribute("data-address", `${location.origin}/events?event=4`);
  expect(screen.getByText(`on paper from ${location.href}`)).toBeVisible();
  expect([isOpen("folded"), isOpen("unfolded")]).toEqual([true, true]);
  happens("afterprint");
  expect(screen.getByText("on screen")).toBeVisible();
  expect([isOpen("folded"), isOpen("unfolded")]).toEqual([false, true]);
});
