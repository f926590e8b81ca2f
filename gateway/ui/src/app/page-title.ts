import { pageOf } from "@/lib/pages";

/** `(3) Alerts · AIOps NextGen`: critical alerts that fire; in the past there is no count to be taken for now's. */
export function pageTitle(path: string, critical: number, inPast: boolean): string {
  const page = [pageOf(path)?.title, "AIOps NextGen"].filter(Boolean).join(" · ");
  if (inPast) return `Past: ${page}`;
  return critical > 0 ? `(${critical > 99 ? "99+" : critical}) ${page}` : page;
}
