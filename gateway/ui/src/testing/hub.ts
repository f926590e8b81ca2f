/** A hub for component tests: every route of the API, with generated answers unless a test gives its own. */

import { setupServer } from "msw/node";

import { getAIOpsNextGenMock } from "@/generated/api.msw";

export const hub = setupServer(...getAIOpsNextGenMock());
