import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { PersonMenu } from "@/app/shell/person-menu";
import { onSessionEnded } from "@/lib/session";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

test("logging out ends the session; where that fails, one is told so and stays logged in", async () => {
  const ended = vi.fn();
  const forget = onSessionEnded(ended);
  hub.use(http.post("*/auth/logout", () => HttpResponse.error(), { once: true }));
  const { user } = await show(<PersonMenu />);
  const menu = screen.getByRole("button", { name: /^Logged in as/ });
  await user.click(menu);
  await user.click(screen.getByRole("menuitem", { name: "Log out" }));
  await user.click(menu);
  const again = await screen.findByRole("menuitem", { name: /you are still logged in/ });
  expect(ended).not.toHaveBeenCalled();
  hub.use(http.post("*/auth/logout", () => new HttpResponse(null, { status: 204 })));
  await user.click(again);
  await waitFor(() => expect(ended).toHaveBeenCalledOnce());
  forget();
});
