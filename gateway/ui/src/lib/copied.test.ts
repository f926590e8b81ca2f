import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { useCopied } from "@/lib/copied";

const clipboard = (given: Partial<Clipboard> | undefined) =>
  Object.defineProperty(navigator, "clipboard", { value: given, configurable: true });
const before = navigator.clipboard;

afterEach(() => void clipboard(before));

async function copying(text: string) {
  const { result } = renderHook(useCopied);
  await act(() => result.current[1](text));
  return result.current[0];
}

test("a text is copied, and that is said", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  clipboard({ writeText });
  expect(await copying("words")).toBe("Copied");
  expect(writeText).toHaveBeenCalledWith("words");
});

test("by plain HTTP it is copied from a field, of which nothing stays", async () => {
  clipboard(undefined);
  let copied: string | undefined;
  document.execCommand = vi.fn(() => {
    copied = (document.activeElement as HTMLTextAreaElement).value;
    return true;
  });
  expect(await copying("words")).toBe("Copied");
  expect(copied).toBe("words");
  expect(document.querySelector("textarea")).toBeNull();
});

test("what was not copied is not said to be", async () => {
  clipboard({ writeText: () => Promise.reject(new Error("no")) });
  expect(await copying("words")).toBe("Not copied: the browser refused");
});
