import { screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { around, measuring, NODE } from "@/components/neighbourhood/testing";
import { useSetSearch } from "@/lib/place";
import { show } from "@/testing/render";

// Asked once, as the module is read.
window.matchMedia = ((query: string) => ({ matches: false, media: query, addEventListener: vi.fn(), removeEventListener: vi.fn() })) as never;
const { Neighbourhood } = await import("@/app/shell/neighbourhood");

function Ways() {
  const setSearch = useSetSearch<{ tab?: string }>();
  return (
    <>
      <button type="button" onClick={() => setSearch({ tab: "history" })}>
        Another part
      </button>
      <button type="button" onClick={() => setSearch({ from: "now-6h" })}>
        Another time
      </button>
      <Neighbourhood />
    </>
  );
}

test("over a narrow page it gives way to what is opened from it, and Back brings it again", async () => {
  around();
  measuring({});
  const { user, where, back } = await show(<Ways />, { at: `/alerts?near=${NODE}` });
  await screen.findByRole("complementary", { name: /Around node/ }, { timeout: 10_000 });
  await user.click(screen.getByRole("button", { name: "Another time" }));
  expect(await screen.findByRole("complementary", { name: /Around node/ })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Another part" }));
  await waitFor(() => expect(where()).toBe("/alerts?from=now-6h&tab=history"));
  back();
  expect(await screen.findByRole("complementary", { name: /Around node/ })).toBeInTheDocument();
});
