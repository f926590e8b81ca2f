import { useClusters } from "@/components/cluster-picker";
import { Facts } from "@/components/facts";
import { InlineFailure } from "@/components/states";
import { At } from "@/components/timestamp";
import { Section } from "@/features/settings/section";
import { useWhoAmI } from "@/generated/api";
import type { Role } from "@/generated/api.schemas";
import { plural, title } from "@/lib/format";
import { MAY, reachOf } from "@/lib/rights";

/** Who is logged in, and what they may see and do. */
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
          ["Role", me ? <RoleWords key="role" role={me.role} /> : undefined],
          ["Clusters", me?.role ? sentence(reachOf(me, `${plural(me.clusters.length, "cluster")}: ${named}`)) : undefined],
          ["Session ends", me?.expires_at ? <At key="at" at={me.expires_at} /> : undefined],
        ]}
      />
    </Section>
  );
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

function RoleWords({ role }: { role: Role | null }) {
  if (role === null) return <>None: ask an administrator for one</>;
  return (
    <>
      {title(role)}
      <div className="hint">{MAY[role]}</div>
    </>
  );
}
