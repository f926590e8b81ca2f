import { PageFrame } from "@/components/page-frame";

export function SettingsPage() {
  return <PageFrame title="Settings">…</PageFrame>;
}
