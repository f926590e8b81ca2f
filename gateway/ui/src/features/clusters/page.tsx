import { PageFrame } from "@/components/page-frame";

export function ClustersPage() {
  return <PageFrame title="Clusters">…</PageFrame>;
}
