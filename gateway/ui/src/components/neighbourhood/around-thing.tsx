import type { Thing } from "@/components/neighbourhood/entity";
import { Calls } from "@/components/neighbourhood/groups/calls";
import { EventsAbout, loggedAs } from "@/components/neighbourhood/groups/events";
import { WhatItIs } from "@/components/neighbourhood/groups/facts";
import { FunctionsOf, FunctionsOn, Gpus, UsersOf } from "@/components/neighbourhood/groups/hardware";
import { PartsOf, PodsOf, PodsOn, Siblings, WorkloadsIn } from "@/components/neighbourhood/groups/pods";
import { AlertsOn, AnomaliesOn, IncidentsOn } from "@/components/neighbourhood/groups/signals";
import { Ways } from "@/components/neighbourhood/groups/ways";

/** What is next to a pod, a node, a GPU: what it is, what is wrong with it, and what it is made of. */
export function AroundThing({ thing }: { thing: Thing }) {
  return (
    <>
      <WhatItIs thing={thing} />
      <Ways thing={thing} />
      <AlertsOn thing={thing} />
      <IncidentsOn thing={thing} />
      <AnomaliesOn thing={thing} />
      <Parts thing={thing} />
      <EventsAbout of={thing} entity={loggedAs(thing)} cluster={thing.cluster} />
    </>
  );
}

function Parts({ thing }: { thing: Thing }) {
  switch (thing.kind) {
    case "pod":
      return (
        <>
          <Gpus of={thing} />
          <FunctionsOf pod={thing} />
          <Siblings of={thing} />
        </>
      );
    case "workload":
      return (
        <>
          <PodsOf workload={thing} />
          <Calls of={thing} />
        </>
      );
    case "node":
      return (
        <>
          <Gpus of={thing} />
          <FunctionsOn node={thing} />
          <PodsOn node={thing} />
        </>
      );
    case "namespace":
      return <WorkloadsIn namespace={thing} />;
    case "gpu":
      return <UsersOf of={thing} />;
    case "service":
      return <Calls of={thing} />;
    case "cluster":
      return <PartsOf cluster={thing.cluster} />;
  }
}
