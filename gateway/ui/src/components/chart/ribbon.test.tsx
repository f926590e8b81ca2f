import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { Ribbon } from "@/components/chart/ribbon";
import { laid, MOST_LANES, type Stretch } from "@/components/chart/stretches";
import { show } from "@/testing/render";

const RANGE = { start: 0, end: 100_000 };
const stretch = (id: string, from: number, until?: number, more: Partial<Stretch> = {}): Stretch => ({
  id,
  from,
  until,
  tone: "danger",
  title: `Spike ${id}`,
  series: 'pod="cart"',
  words: "Never was it so high.",
  ...more,
});
const lanes = (stretches: Stretch[]) => laid(stretches, RANGE).map(({ stretch: { id }, lane }) => `${id}${lane}`);

test("stretches lie where they were, and what lasts reaches to the end", () => {
  const [before, inside, lasting] = laid([stretch("c", 60_000), stretch("b", 20_000, 40_000), stretch("a", -9_000, 10_000)], RANGE);
  expect([before!.left, before!.width]).toEqual([0, 0.1]);
  expect([inside!.left, inside!.width]).toEqual([0.2, 0.2]);
  expect([lasting!.left, lasting!.width]).toEqual([0.6, 0.4]);
});

test("what is elsewhere is left out, and what is short is still seen", () => {
  const shown = laid([stretch("a", -9, -1), stretch("b", 200_000), stretch("c", 99_999, 100_000)], RANGE);
  expect(shown.map(({ stretch: { id } }) => id)).toEqual(["c"]);
  expect(shown[0]!.width).toBeGreaterThan(0.005);
  expect(shown[0]!.left + shown[0]!.width).toBeLessThanOrEqual(1);
});

test("at the same time they lie in lanes, as few as there may be", () => {
  expect(lanes([stretch("a", 0, 50_000), stretch("b", 10_000, 20_000), stretch("c", 30_000, 60_000), stretch("d", 70_000, 80_000)])).toEqual([
    "a0", "b1", "c1", "d0",
  ]);
  const many = Array.from({ length: 9 }, (_, index) => stretch(String(index), index, 90_000));
  expect(Math.max(...laid(many, RANGE).map(({ lane }) => lane))).toBe(MOST_LANES - 1);
});

test("one tab stop; arrow keys go through them, each told in words, and Enter opens one", async () => {
  const onOpen = vi.fn();
  const { user } = await show(
    <Ribbon label="Anomalies" stretches={[stretch("a", 0, 10_000), stretch("b", 50_000)]} range={RANGE} axis={undefined} onOpen={onOpen} />,
  );
  await user.tab();
  const first = screen.getByRole("button", { name: /^Spike a, pod="cart", from .*, until / });
  expect(first).toHaveFocus();
  expect(screen.getByRole("tooltip")).toHaveTextContent(/Spike a.*pod="cart".*10 s.*Never was it so high/);
  await user.keyboard("{ArrowRight}");
  expect(screen.getByRole("button", { name: /^Spike b.*, lasts$/ })).toHaveFocus();
  expect(screen.getByRole("tooltip")).toHaveTextContent("Spike b");
  await user.keyboard("{Enter}");
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ id: "b" }));
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("tooltip")).not.toBeInTheDocument();
  await user.tab();
  expect(screen.getByRole("button", { name: /^Spike b/ })).not.toHaveFocus();
});

test("the pointer is told the same, and without a stretch there is no ribbon", async () => {
  const { user, unmount } = await show(<Ribbon label="Anomalies" stretches={[stretch("a", 0)]} range={RANGE} axis={{ left: 62, width: 900 }} />);
  await user.hover(screen.getByRole("button"));
  expect(screen.getByRole("tooltip")).toHaveTextContent("Never was it so high.");
  unmount();
  await show(<Ribbon label="Anomalies" stretches={[]} range={RANGE} axis={undefined} />);
  expect(screen.queryByRole("group")).not.toBeInTheDocument();
});
