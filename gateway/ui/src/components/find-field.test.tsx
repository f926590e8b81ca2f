import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { FindField } from "@/components/find-field";

const field = () => screen.getByRole("textbox", { name: "Find a query" });

test("what one types stands there before the page knows of it", () => {
  const onChange = vi.fn();
  render(<FindField label="Find a query" value="" onChange={onChange} />);
  fireEvent.change(field(), { target: { value: "a" } });
  fireEvent.change(field(), { target: { value: "ab" } });
  expect(field()).toHaveValue("ab");
  expect(onChange.mock.calls).toEqual([["a"], ["ab"]]);
  fireEvent.blur(field());
  expect(field()).toHaveValue("");
});

test("Enter does not send the form that it stands in", async () => {
  const onSubmit = vi.fn();
  render(
    <form onSubmit={onSubmit}>
      <FindField label="Find a query" value="" onChange={() => undefined} />
      <button type="submit">Merge</button>
    </form>,
  );
  await userEvent.type(field(), "storm{Enter}");
  expect(onSubmit).not.toHaveBeenCalled();
});

test("it is emptied by a button, and one goes on to type", async () => {
  const onChange = vi.fn();
  render(<FindField label="Find a query" value="storm" onChange={onChange} />);
  await userEvent.click(screen.getByRole("button", { name: "Reset" }));
  expect(onChange).toHaveBeenLastCalledWith("");
  expect(field()).toHaveFocus();
});
