import { PageFrame } from "@/components/page-frame";

export function FleetPage() {
  return <PageFrame title="Fleet">…</PageFrame>;
}
