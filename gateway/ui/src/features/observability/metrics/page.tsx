import { PageFrame } from "@/components/page-frame";

export function MetricsPage() {
  return <PageFrame title="Metrics">…</PageFrame>;
}
