import { InlineFailure } from "@/components/states";
import { useClusters } from "@/components/cluster-picker";
import { Facts } from "@/components/facts";
import { At } from "@/components/timestamp";
import { Section } from "@/features/settings/section";
import { useWhoAmI } from "@/generated/api";
import { plural, title } from "@/lib/format";

/** Who is logged in, and what they may see. */
export function YouSection() {
  const { data: me, error } = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } });
  const clusters = useClusters();
  if (error) return <InlineFailure error={error} what="Who you are could not be read" />;
  const named = me?.clusters.map((id) => clusters.get(id)?.name ?? id).join(", ");
  return (
    <Section title="You">
      <Facts
        of={[
          ["User", me?.user],
          ["Role", me ? title(me.role) : undefined],
          ["Clusters", me ? (me.clusters.length === 0 ? "All" : `${plural(me.clusters.length, "cluster")}: ${named}`) : undefined],
          ["Session ends", me?.expires_at ? <At key="at" at={me.expires_at} /> : undefined],
        ]}
      />
    </Section>
  );
}
