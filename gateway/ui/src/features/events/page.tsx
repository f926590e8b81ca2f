import { PageFrame } from "@/components/page-frame";

export function EventsPage() {
  return <PageFrame title="Events">…</PageFrame>;
}
