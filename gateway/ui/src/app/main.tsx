import "@patternfly/react-core/dist/styles/base.css";
import "@/app/app.css";
import "@/app/targets.css";
import "@/app/density.css";
import "@/app/print.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { followLive } from "@/app/follow-live";
import { followUpgrades } from "@/app/renewed";
import { router } from "@/app/router";
import { followTheme } from "@/app/theme";
import { beginEarly } from "@/app/who";
import { createQueryClient } from "@/lib/query";

const client = createQueryClient();
followUpgrades();
followTheme();
followLive(client, router);
beginEarly(client);

createRoot(document.querySelector("#root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
