import { useClusterNaming } from "@/components/cluster-names";
import { Facts } from "@/components/facts";
import { InlineFailure } from "@/components/states";
import { At } from "@/components/timestamp";
import { Section } from "@/features/settings/section";
import { useWhoAmI } from "@/generated/api";
import type { GrantView, Whoami } from "@/generated/api.schemas";
import { capitalised, plural, title } from "@/lib/format";
import { grantsOf, MAY, reachOf } from "@/lib/rights";
import { useIsOpenToAll } from "@/lib/ways";

/** Who is logged in, and what they may see and do. */
export function YouSection() {
  const { data: me, error } = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } });
  const isOpen = useIsOpenToAll();
  if (error) return <InlineFailure error={error} what="Who you are could not be read" />;
  return (
    <Section title="You">
      <Facts
        of={[
          ["User", isOpen ? "Anybody: nobody logs in here, and whoever reaches this address may do the same" : me?.user],
          [me && grantsOf(me).length > 1 ? "Roles" : "Role", me ? <RoleWords key="role" me={me} /> : undefined],
          ["Session ends", me?.expires_at ? <At key="at" at={me.expires_at} /> : undefined],
        ]}
      />
    </Section>
  );
}

function RoleWords({ me }: { me: Whoami }) {
  if (me.grants.length === 0) return <>None: ask an administrator for one</>;
  return (
    <ul className="plain you-roles">
      {grantsOf(me).map((grant) => (
        <RoleOf key={grant.role} grant={grant} />
      ))}
    </ul>
  );
}

/** A role, where it counts, and what it is for. */
function RoleOf({ grant }: { grant: GrantView }) {
  const names = useClusterNaming(Number.POSITIVE_INFINITY);
  const reach = reachOf(grant, (clusters) => `${plural(clusters.length, "cluster")}: ${names(clusters)}`);
  return (
    <li>
      {title(grant.role)}
      <div>{capitalised(reach)}</div>
      <div className="hint">{MAY[grant.role]}</div>
    </li>
  );
}
