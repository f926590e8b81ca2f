/** For so many seconds, or until there is a reason to wake. */
export function sleep(seconds: number, woken: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const wake = () => {
      clearTimeout(timer);
      woken.removeEventListener("abort", wake);
      done();
    };
    const timer = setTimeout(wake, seconds * 1000);
    woken.addEventListener("abort", wake);
  });
}
