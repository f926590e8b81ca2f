import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { usePageTold } from "@/app/shell/use-page-told";
import { PageLink, usePath, useSetSearch } from "@/lib/place";
import { show } from "@/testing/render";

function Shell() {
  usePageTold();
  const setSearch = useSetSearch<{ q?: string }>();
  return (
    <main id="page">
      <h1>At {usePath()}</h1>
      <PageLink to="/alerts">Alerts</PageLink>
      <button type="button" onClick={() => setSearch({ q: "x" })}>
        Filter
      </button>
    </main>
  );
}

test("the heading of another page takes the focus, that of the first and of a filtered one does not", async () => {
  const { user } = await show(<Shell />);
  expect(document.body).toHaveFocus();
  await user.click(screen.getByRole("button", { name: "Filter" }));
  await act(async () => {});
  expect(screen.getByRole("button", { name: "Filter" })).toHaveFocus();
  await user.click(screen.getByRole("link", { name: "Alerts" }));
  await waitFor(() => expect(screen.getByRole("heading", { name: "At /alerts" })).toHaveFocus());
});
