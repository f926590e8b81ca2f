/** The hub's sentences on causes and incidents, without the codes of signals and places that stand in them. */

import { nameInWords } from "@/components/seen/words";
import { capitalised, placeInWords } from "@/lib/format";
import { signalInWords } from "@/lib/titles";

const PLACE = "(?:cluster|[a-z]\\w*/[^\\s:,;]*[^\\s:,;.])";
/** `LOG_DNS of workload/shop/cart`, wherever it stands in a sentence. */
const SIGNAL_OF = new RegExp(`(^|: |led to )([A-Z]\\w*) of (${PLACE})(?=[\\s:,;.]|$)`, "g");
const SUSPECT = new RegExp(`^(${PLACE}) \\(([^,()]+), (\\d+)%\\)`);
/** The same as the hub says it now, which leaves names of alerts as they are: `HighErrorRate on workload shop/cart`. */
const ALERT_ON = /(^|: |led to )([A-Z]\w*) on (?=the cluster\b|[a-z]\w* [^\s:,;])/g;
/** What a sentence is about where no place is told: `GPU_GONE belongs to nothing that is known`. */
const BEGINS = /^([A-Z]\w*)(?= (?:began (?:before|after) it|belongs to nothing that is known|is there again))/;

const spoken = (name: string): string => (name.startsWith("LOG_") ? nameInWords(name) : signalInWords(name));
/** As it goes on in a sentence: `high load`, but `GPU lost`. */
const within = (said: string): string => (/^[A-Z]{2}/.test(said) ? said : said.charAt(0).toLowerCase() + said.slice(1));

const SAME_NAME = /\b(same name )([A-Z]\w*)(?= as \d)/;

/** A sentence of the hub on a cause or an incident, without its codes: `ROLLOUT_BEGAN of workload/shop/cart` as `Rollout began on workload shop/cart`. */
export function sentenceInWords(text: string): string {
  return text
    .replace(SUSPECT, (_, place: string, kind: string, sure: string) => {
      const isSaid = kind === place.split("/")[0];
      return `${capitalised(placeInWords(place))} (${isSaid ? "" : `${kind}, `}${sure} %)`;
    })
    .replaceAll(ALERT_ON, (_, before: string, name: string) => {
      const said = before === "led to " ? within(spoken(name)) : spoken(name);
      return `${before}${said} on `;
    })
    .replace(BEGINS, (name) => spoken(name))
    .replace(SAME_NAME, (_, before: string, name: string) => `${before}“${spoken(name)}”`)
    .replaceAll(SIGNAL_OF, (_, before: string, name: string, place: string) => {
      const said = before === "led to " ? within(spoken(name)) : spoken(name);
      return `${before}${said} on ${placeInWords(place)}`;
    });
}
