import { entityOfPlace, ownName } from "@/components/neighbourhood/entity";
import { NearButton } from "@/components/neighbourhood/near-link";
import { placeInWords } from "@/lib/format";

interface PlacesProps {
  /** As incidents write them: `node/worker-3`. */
  places: readonly string[];
  /** Undefined: they may be of several, and are told but lead nowhere. */
  cluster: string | undefined;
}

/** Where something is: from each place to what is around it. */
export function Places({ places, cluster }: PlacesProps) {
  return (
    <span className="near-places">
      {places.map((place) => {
        const entity = cluster === undefined ? undefined : entityOfPlace(place, cluster);
        return entity === undefined ? (
          <span key={place}>{placeInWords(place)}</span>
        ) : (
          <NearButton key={place} of={entity}>
            {entity.kind === "gpu" ? `GPU ${ownName(entity)}` : placeInWords(place)}
          </NearButton>
        );
      })}
    </span>
  );
}
