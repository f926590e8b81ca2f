import { checkPages } from "./pages.ts";

checkPages(1440);
