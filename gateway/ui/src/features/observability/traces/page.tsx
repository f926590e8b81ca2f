import { PageFrame } from "@/components/page-frame";

export function TracesPage() {
  return <PageFrame title="Traces">…</PageFrame>;
}
