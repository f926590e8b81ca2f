import { PageFrame } from "@/components/page-frame";

export function AlertsPage() {
  return <PageFrame title="Alerts">…</PageFrame>;
}
