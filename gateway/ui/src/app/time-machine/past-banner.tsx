export function PastBanner() {
  return null;
}
