import "@/features/settings/settings.css";

import { PageFrame } from "@/components/page-frame";
import { AboutSection } from "@/features/settings/about-section";
import { LookSection } from "@/features/settings/look-section";
import { NotificationsSection } from "@/features/settings/notifications-section";
import { RulesSection } from "@/features/settings/rules-section";
import { SessionsSection } from "@/features/settings/sessions-section";
import { TokensSection } from "@/features/settings/tokens-section";
import { YouSection } from "@/features/settings/you-section";

/** What a person may choose, and what there is to know of the hub. */
export function SettingsPage() {
  return (
    <PageFrame title="Settings" subtitle="What you choose holds for this browser and takes effect at once.">
      <div className="settings">
        <LookSection />
        <NotificationsSection />
        <YouSection />
        <AboutSection />
      </div>
      <SessionsSection />
      <TokensSection />
      <RulesSection />
    </PageFrame>
  );
}
