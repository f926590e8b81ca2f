import { checkPages } from "./pages.ts";

checkPages("light");
