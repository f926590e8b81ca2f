import { checkPages } from "./pages.ts";

checkPages(390);
