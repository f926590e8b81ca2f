import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { blocksOf } from "@/components/words/blocks";
import { Markdown, type Mark } from "@/components/words/markdown";

const texts = (lines: readonly { text: string }[]) => lines.map(({ text }) => text);

test("lines that belong together are one block", () => {
  const [heading, paragraph, bullets, numbers] = blocksOf("# Head\na\nb\n\n- x\n- y\n1. z\n");
  expect(heading).toEqual({ kind: "heading", line: { text: "Head", from: 2 } });
  expect(paragraph).toEqual({ kind: "p", lines: [{ text: "a", from: 7 }, { text: "b", from: 9 }] });
  expect(bullets).toMatchObject({ kind: "list", isOrdered: false, items: [{ lines: [{ text: "x" }] }, { lines: [{ text: "y" }] }] });
  expect(numbers).toMatchObject({ kind: "list", isOrdered: true, items: [{ lines: [{ text: "z" }] }] });
});

test("lists within lists, and items of several lines", () => {
  const [list, after] = blocksOf("3. a\n   more\n   - inner\n\n4. b\n\nafter");
  expect(list).toMatchObject({ kind: "list", start: 3, items: [{ lines: [{ text: "a" }, { text: "more" }], within: [{ kind: "list", isOrdered: false }] }, { lines: [{ text: "b" }] }] });
  expect(after).toMatchObject({ kind: "p" });
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
  expect(container.querySelector("li")).toHaveTextContent("` * ** ***");
});

test("code within bold words, names with underscores, and what is escaped", () => {
  const { container } = render(<Markdown text={"**on `edge_1`** node_load1 a\\*b 2 * 3 * 4"} />);
  expect(container.querySelector("strong code")).toHaveTextContent("edge_1");
  expect(container).toHaveTextContent("on edge_1 node_load1 a*b 2 * 3 * 4");
});

test("a table has its columns, and bars that are no ends of cells", () => {
  render(<Markdown text={"| Cluster | Score |\n|---|--:|\n| `edge-1` | 87 |\n| a\\|b | 3 |\nafter"} />);
  const rows = within(screen.getByRole("table")).getAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual(["ClusterScore", "edge-187", "a|b3"]);
  expect(screen.getByRole("columnheader", { name: "Score" })).toHaveClass("words-end");
  expect(screen.getByText("after")).toBeInTheDocument();
});

test("what is not closed yet is shown as far as it is there", () => {
  const { container, rerender } = render(<Markdown text={"```\nup{job=\"a\"}"} />);
  expect(container.querySelector("pre")).toHaveTextContent('up{job="a"}');
  rerender(<Markdown text={"| a | b |\n|--"} />);
  expect(container.querySelector("table")).toHaveTextContent("ab");
  rerender(<Markdown text={"so **bo"} />);
  expect(container).toHaveTextContent("so **bo");
});

test("marks stand around their words, and end once", () => {
  const text = "One is **down**. Two is up.\n\n| a | b |\n|---|---|\n| 1 | 2 |";
  const marked = (words: string, name: string): Mark => ({
    from: text.indexOf(words),
    to: text.indexOf(words) + words.length,
    show: (inside, isEnd) => (
      <>
        <mark data-testid={name}>{inside}</mark>
        {isEnd ? <sup>{name}</sup> : null}
      </>
    ),
  });
  const marks = [marked("One is **down**.", "one"), marked("Two is up.", "two"), marked("| 1 | 2 |", "row")];
  const { container } = render(<Markdown text={text} marks={marks} />);
  expect(screen.getByTestId("one")).toHaveTextContent("One is down.");
  expect(screen.getByTestId("one").querySelector("strong")).toHaveTextContent("down");
  expect(screen.getAllByTestId("row").map(({ textContent }) => textContent)).toEqual(["1", "2"]);
  expect([...container.querySelectorAll("sup")].map(({ textContent }) => textContent)).toEqual(["one", "two", "row"]);
});

test("whatever comes is blocks, and none of it is lost for ever", () => {
  const pieces = ["- ", "* ", "1. ", "|", "\n", "\n\n", "```", "> ", "---", "# ", "  ", "a", "**", "`", "\\"];
  let seed = 7;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let round = 0; round < 300; round += 1) {
    const text = Array.from({ length: next() % 40 }, () => pieces[next() % pieces.length]!).join("");
    for (const block of blocksOf(text)) expect(texts("lines" in block ? block.lines : [])).toBeDefined();
  }
});
