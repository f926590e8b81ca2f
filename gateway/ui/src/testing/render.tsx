/** Shows a part of the UI as the app would: with a cache, and at an address. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";

import { parseSearch, stringifySearch, type Raw } from "@/lib/search";

interface Options {
  /** Where it is shown: `/alerts?severity=CRITICAL`. */
  at?: string;
  /** With parameters: `/clusters/$clusterId`. */
  path?: string;
  /** What the page's route makes of the search. */
  readSearch?: (raw: Raw) => object;
}

/** What is shown; `where()` is the address that it has led to, `entries()` how far Back reaches. */
export async function show(content: ReactNode, { at = "/", path = "$", readSearch = (raw) => raw }: Options = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const root = createRootRoute({ validateSearch: (raw: Raw) => raw });
  const page = createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: readSearch,
    component: () => content,
  });
  const elsewhere = createRoute({ getParentRoute: () => root, path: "$", component: () => "elsewhere" });
  const router = createRouter({
    routeTree: root.addChildren(path === "$" ? [page] : [page, elsewhere]),
    history: createMemoryHistory({ initialEntries: [at] }),
    parseSearch,
    stringifySearch,
  });
  await act(() => router.load());
  const shown = render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  return {
    ...shown,
    client,
    user: userEvent.setup(),
    where: () => router.state.location.href,
    entries: () => router.history.length,
    back: () => act(() => router.history.back()),
  };
}
