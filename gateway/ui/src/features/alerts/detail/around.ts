/** Where else to look from an alert: the time, and links that may be followed. */

export const LATELY = { from: "now-1h", to: "now" } as const;

/** A link that may be followed: what an annotation says is anybody's text. */
export function safeLink(text: string | null | undefined): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}
