const state = document.getElementById("state");

async function logIn() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  history.replaceState(null, "", "/login");
  if (!code) {
    state.textContent = "This link holds no code. Run the command below and open the link that it prints.";
    return;
  }
  const answer = await fetch("/auth/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  });
  if (answer.ok) {
    location.replace("/");
    return;
  }
  const { error } = await answer.json();
  state.textContent = error.message;
}

logIn().catch(() => {
  state.textContent = "The gateway does not answer. Try again in a moment.";
});
