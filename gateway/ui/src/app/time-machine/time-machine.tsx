export function TimeMachine() {
  return null;
}
