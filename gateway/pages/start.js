const who = document.getElementById("who");
const table = document.querySelector("#checks tbody");

function row(name, good, detail) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  const cell = document.createElement("td");
  head.textContent = name;
  head.scope = "row";
  cell.textContent = good ? "✓ ready" : "✗ " + (detail || "not ready");
  cell.className = good ? "good" : "bad";
  line.append(head, cell);
  return line;
}

async function show() {
  const me = await fetch("/auth/me");
  if (me.ok) {
    const { user, role } = await me.json();
    who.textContent = `You are logged in as ${user} (${role}).`;
  } else {
    who.textContent = "You are not logged in: run `aiops login` and open the link that it prints.";
  }
  const ready = await fetch("/ready");
  const body = await ready.json();
  const report = ready.ok ? body : body.error.details;
  table.replaceChildren(
    ...Object.entries(report.checks).map(([name, check]) => row(name, check.ready, check.detail)),
  );
}

show().catch(() => {
  who.textContent = "The gateway does not answer. Try again in a moment.";
});
