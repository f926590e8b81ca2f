import { PageFrame } from "@/components/page-frame";

export function OperationsPage() {
  return <PageFrame title="Operations">…</PageFrame>;
}
