export default function Shortcuts(_: { onClose: () => void }) {
  return null;
}
