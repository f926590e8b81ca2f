import { PageFrame } from "@/components/page-frame";

export function AddClusterPage() {
  return <PageFrame title="Add a cluster">…</PageFrame>;
}
