import { act, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { DataTable, type Column } from "@/components/data-table";
import { show } from "@/testing/render";

interface Row {
  id: string;
  name: string;
}
const COLUMNS: Column<Row>[] = [
  { id: "name", header: "Name", width: "1fr", sort: "name", cell: ({ name }) => name },
];
const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ id: String(at), name: `row ${at}` }));
const table = (more: object = {}) => (
  <DataTable label="Rows" rows={rows(10_000)} columns={COLUMNS} idOf={({ id }) => id} {...more} />
);

test("of ten thousand rows only those in view are in the document, and all are counted", async () => {
  await show(table());
  expect(screen.getByRole("table", { name: "Rows" })).toHaveAttribute("aria-rowcount", "10001");
  expect(screen.getAllByRole("row").length).toBeLessThan(60);
});

test("it is no higher than its rows", async () => {
  await show(table({ rows: rows(3) }));
  expect(screen.getByRole("table").parentElement?.style.getPropertyValue("--rows")).toBe("calc(2.5rem + 135px)");
});

test("what a cell cuts off is told where one points", async () => {
  const { user } = await show(table({ rows: rows(3) }));
  const [first, second] = screen.getAllByRole("cell");
  Object.defineProperty(first, "scrollWidth", { value: 5_000 });
  await user.hover(first!);
  expect(first).toHaveAttribute("title", "row 0");
  await user.hover(second!);
  expect(second).not.toHaveAttribute("title");
});

test("j and Enter open the second row", async () => {
  const onOpen = vi.fn();
  const { user } = await show(table({ onOpen }));
  screen.getByRole("table").focus();
  await user.keyboard("jj{Enter}");
  expect(onOpen).toHaveBeenCalledWith({ id: "1", name: "row 1" });
});

test("a header sorts, and again the other way round", async () => {
  const onSort = vi.fn();
  const { user } = await show(table({ onSort, sort: "name" }));
  await user.click(screen.getByRole("button", { name: "Name" }));
  expect(onSort).toHaveBeenCalledWith("-name");
});

test("more is asked for near the end only", async () => {
  const onMore = vi.fn();
  await show(table({ onMore }));
  expect(onMore).not.toHaveBeenCalled();
  await show(table({ onMore, rows: rows(20) }));
  expect(onMore).toHaveBeenCalled();
});

test("it is held while rows are gone through by keys, and let go with the focus", async () => {
  const onHeld = vi.fn();
  const { user } = await show(
    <>
      {table({ onHeld })}
      <button type="button">elsewhere</button>
    </>,
  );
  screen.getByRole("table").focus();
  expect(onHeld).not.toHaveBeenCalled();
  await user.keyboard("j");
  expect(onHeld.mock.lastCall).toEqual([true]);
  await user.click(screen.getByRole("button", { name: "elsewhere" }));
  expect(onHeld.mock.lastCall).toEqual([false]);
});

test("what is shown no more holds nothing", async () => {
  const onHeld = vi.fn();
  const { user, unmount } = await show(table({ onHeld }));
  await user.hover(screen.getByRole("table"));
  expect(onHeld.mock.lastCall).toEqual([true]);
  unmount();
  expect(onHeld.mock.lastCall).toEqual([false]);
});

test("the row that keys have come to is in view below the header, whole", async () => {
  const scrolled: number[] = [];
  vi.spyOn(Element.prototype, "scrollTo").mockImplementation((to?: ScrollToOptions | number) => {
    if (typeof to === "object" && to.top !== undefined) scrolled.push(to.top);
  });
  const { user } = await show(table());
  const scroller = screen.getByRole("table");
  Object.defineProperty(scroller, "scrollHeight", { value: 440_041 });
  scroller.focus();
  await user.keyboard("j".repeat(30));
  const [rowHeight, headHeight] = [44, 41];
  expect(scrolled.at(-1)! + scroller.offsetHeight - headHeight).toBeGreaterThanOrEqual(30 * rowHeight);
});

test("on paper more rows are there than are in view, and how many are left out is said", async () => {
  await show(table());
  act(() => void window.dispatchEvent(new Event("beforeprint")));
  expect(screen.getAllByRole("row")).toHaveLength(501);
  expect(screen.getByText("The first 500 of 10,000.")).toBeVisible();
  act(() => void window.dispatchEvent(new Event("afterprint")));
  expect(screen.getAllByRole("row").length).toBeLessThan(60);
});
