import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { Following } from "@/features/observability/logs/following";
import { Histogram } from "@/features/observability/logs/histogram";
import { readLogsSearch } from "@/features/observability/search";
import { show } from "@/testing/render";

/** A socket whose other end is the test. */
class Socket extends EventTarget {
  static last: Socket;
  readyState = 1;
  constructor() {
    super();
    Socket.last = this;
  }
  send() {}
  close() {}
  says(frame: object) {
    act(() => void this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) })));
  }
}

beforeEach(() => void vi.stubGlobal("WebSocket", Socket));

const clusters = [
  { cluster_id: "a", cluster_name: "edge-1" },
  { cluster_id: "b", cluster_name: "edge-2" },
];
const says = (...messages: string[]) =>
  Socket.last.says({
    type: "lines",
    entries: messages.map((message, at) => ({
      ...clusters[0],
      stream: {},
      message,
      timestamp: `2026-11-26T04:00:0${at}.000000000Z`,
    })),
  });

async function following() {
  const shown = await show(<Following query='{a="b"}' clusters={[]} onNarrow={() => {}} onWords={() => {}} />, {
    path: "/observability/logs",
    at: "/observability/logs",
    readSearch: readLogsSearch,
  });
  await waitFor(() => expect(Socket.last).toBeDefined());
  Socket.last.says({ type: "auth_response" });
  Socket.last.says({ type: "tailing", clusters });
  return shown;
}

test("lines stand still under the pointer, with the count of what has come since", async () => {
  const { user } = await following();
  says("first line");
  const list = await screen.findByRole("table", { name: "Log lines as they come" });
  await user.hover(list);
  says("second line", "third line");
  expect(await screen.findByRole("button", { name: "2 new" })).toBeVisible();
  expect(within(list).queryByText("second line")).toBeNull();
  await user.unhover(list);
  expect(await screen.findByText("second line")).toBeVisible();
  expect(screen.queryByRole("button", { name: "2 new" })).toBeNull();
});

test("paused they stand still until they are let go on", async () => {
  const { user } = await following();
  says("first line");
  await screen.findByText("first line");
  await user.click(screen.getByRole("button", { name: "Following" }));
  says("second line");
  await user.click(await screen.findByRole("button", { name: "Paused · 1 new" }));
  expect(await screen.findByText("second line")).toBeVisible();
});

test("a lost cluster, lines that were left out and a refusal are said", async () => {
  const { user } = await following();
  says("first line");
  Socket.last.says({ type: "status", ...clusters[1], state: "LOST", code: "TIMEOUT", reason: "no answer" });
  Socket.last.says({ type: "dropped", count: 1_200, cluster_id: null });
  expect(await screen.findByText(/1,200 lines left out/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "1 of 2 clusters followed" }));
  expect(await screen.findByText(/no answer/)).toHaveTextContent("edge-2: lost, tried again by itself: no answer");
  Socket.last.says({ type: "error", code: "INVALID_LOGQL", message: "parse error" });
  expect(await screen.findByText(/parse error/)).toBeVisible();
  expect(screen.getByText("first line")).toBeVisible();
});

test("the bars are zoomed into by keyboard", async () => {
  const bucket = (from: number) => ({ from, to: from + 10, total: from, levels: new Map() });
  const onZoom = vi.fn();
  const { user } = await show(<Histogram buckets={[0, 10, 20].map(bucket)} source="counted" onZoom={onZoom} />);
  screen.getByRole("slider").focus();
  await user.keyboard("{ArrowRight}{ArrowRight}{Shift>}{ArrowRight}{/Shift}");
  expect(screen.getByRole("slider")).toHaveAttribute("aria-valuetext", expect.stringContaining("30 lines"));
  await user.keyboard("{Enter}");
  expect(onZoom).toHaveBeenCalledWith(10, 30);
});
