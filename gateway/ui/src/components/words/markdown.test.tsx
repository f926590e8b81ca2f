import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { blocksOf, Markdown } from "@/components/words/markdown";

test("lines that belong together are one block", () => {
  expect(blocksOf("# Head\na\nb\n\n- x\n- y\n1. z\n")).toEqual([
    { kind: "p", lines: ["**Head**", "a", "b"] },
    { kind: "ul", lines: ["x", "y"] },
    { kind: "ol", lines: ["z"] },
  ]);
});

test("bold, code and emphasis are shown, and nothing else has a meaning", () => {
  const { container } = render(
    <Markdown text={"**down** `oc get` *why*\n\n- <img src=x onerror=alert(1)> ![x](http://e) [a](javascript:1) ` * ** ***"} />,
  );
  expect(container.querySelector("strong")).toHaveTextContent("down");
  expect(container.querySelector("code")).toHaveTextContent("oc get");
  expect(container.querySelector("em")).toHaveTextContent("why");
  expect(container.querySelector("img, a")).toBeNull();
  expect(screen.getByText(/<img src=x onerror=alert\(1\)>/)).toBeInTheDocument();
});
