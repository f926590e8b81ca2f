/**
 * An HTML report as parts of this page, for paper: a frame is printed only as far as it is seen. Built anew of
 * elements that only hold text, so that nothing of what the report brings along can run or load anything.
 */

import { createElement, type ReactNode } from "react";

const TAGS = new Set(
  "article section header footer main div span p h1 h2 h3 h4 h5 ul ol li dl dt dd table caption thead tbody tfoot tr th td figure figcaption blockquote pre code strong em b i small sub sup time".split(" "),
);
const EMPTY = new Set(["br", "hr"]);
const PICTURE = /^data:image\/(?:png|jpeg|svg\+xml);/;
/** It repeats the page's own title. */
const SKIPPED = new Set(["script", "style", "title", "head", "template"]);

export function OnPaper({ html }: { html: string }) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return <div className="reports-paper">{partsOf(body)}</div>;
}

const partsOf = (parent: Node): ReactNode[] => [...parent.childNodes].map((node, at) => partOf(node, at));

function partOf(node: Node, key: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const tag = node.localName;
  if (SKIPPED.has(tag)) return null;
  if (EMPTY.has(tag)) return createElement(tag, { key });
  if (tag === "img") return pictureOf(node, key);
  if (tag === "a") return linkOf(node, key);
  // What is not known is shown as what it holds.
  return createElement(TAGS.has(tag) ? tag : "span", { key, className: node.getAttribute("class") ?? undefined }, ...partsOf(node));
}

function pictureOf(node: Element, key: number): ReactNode {
  const source = node.getAttribute("src") ?? "";
  return PICTURE.test(source) ? <img key={key} src={source} alt={node.getAttribute("alt") ?? ""} /> : null;
}

function linkOf(node: Element, key: number): ReactNode {
  const href = node.getAttribute("href") ?? "";
  // Browsers read `/\` as `//`: another host.
  if (!/^(?:https?:\/\/|\/(?![/\\]))/.test(href)) return <span key={key}>{partsOf(node)}</span>;
  return (
    <a key={key} href={href}>
      {partsOf(node)}
    </a>
  );
}
