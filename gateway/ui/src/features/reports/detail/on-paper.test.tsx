import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { OnPaper } from "@/features/reports/detail/on-paper";

test("headings, tables, pictures and links of a report are there", () => {
  render(
    <OnPaper html='<html><head><title>T</title></head><body><h2>Causes</h2><table><tbody><tr><td class="number">6</td></tr></tbody></table><img src="data:image/png;base64,AA" alt="By day"><a href="/incidents/1">incident</a></body></html>' />,
  );
  expect(screen.getByRole("heading", { name: "Causes" })).toBeVisible();
  expect(screen.getByRole("cell", { name: "6" })).toHaveClass("number");
  expect(screen.getByRole("img", { name: "By day" })).toHaveAttribute("src", "data:image/png;base64,AA");
  expect(screen.getByRole("link", { name: "incident" })).toHaveAttribute("href", "/incidents/1");
});

test("nothing in it runs, loads or leads anywhere else", () => {
  const { container } = render(
    <OnPaper html='<p onclick="x()" style="color:red">kept</p><script>x()</script><style>p{}</style><iframe src="/"></iframe><img src="https://evil.test/a.png"><a href="javascript:x()">a</a><a href="//evil.test">b</a><a href="/\evil.test">d</a><form action="/"><input></form><svg onload="x()"><text>c</text></svg>' />,
  );
  expect(container.querySelectorAll("script, style, iframe, img, a, form, input, svg")).toHaveLength(0);
  expect(container.innerHTML).not.toMatch(/onclick|onload|javascript|evil|color:red/);
  expect(container).toHaveTextContent("keptabdc");
});
