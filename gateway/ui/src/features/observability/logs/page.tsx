import { PageFrame } from "@/components/page-frame";

export function LogsPage() {
  return <PageFrame title="Logs">…</PageFrame>;
}
