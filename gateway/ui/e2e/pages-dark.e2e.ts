import { checkPages } from "./pages.ts";

checkPages("dark");
