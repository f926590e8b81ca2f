import { PageFrame } from "@/components/page-frame";

export function ClusterPage() {
  return <PageFrame title="Cluster">…</PageFrame>;
}
