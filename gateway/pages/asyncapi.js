// Lists every channel of the AsyncAPI document: subject, meaning, and the shape of what it carries.
const about = document.getElementById("about");
const list = document.getElementById("channels");

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function resolve(api, reference) {
  return reference.slice(2).split("/").reduce((found, key) => found[key.replaceAll("~1", "/")], api);
}

/** A field's type in words; shapes of their own are named, with a link to where they stand. */
function words(field) {
  if (field.$ref) return field.$ref.split("/").pop();
  if (field.anyOf) return field.anyOf.map(words).join(" or ");
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum) return field.enum.join(" | ");
  if (field.type === "array") return `list of ${words(field.items ?? {})}`;
  if (field.additionalProperties) return `map of ${words(field.additionalProperties)}`;
  return [field.format ?? field.type ?? "any", field.pattern].filter(Boolean).join(" ");
}

function fields(shape) {
  const table = document.createElement("table");
  for (const [name, field] of Object.entries(shape.properties ?? {})) {
    const row = table.insertRow();
    const head = element("th", name);
    head.scope = "row";
    const needed = shape.required?.includes(name) ? "" : ", may be left out";
    row.append(head, element("td", words(field) + needed));
  }
  return table;
}

function shapes(api) {
  const section = document.createElement("section");
  section.append(element("h2", "Shapes"));
  for (const [name, shape] of Object.entries(api.components.schemas)) {
    const details = document.createElement("details");
    details.append(element("summary", name));
    if (shape.description) details.append(element("p", shape.description));
    details.append(shape.enum ? element("p", shape.enum.join(" | ")) : fields(shape));
    section.append(details);
  }
  return section;
}

function channel(api, name, { address, description, messages }) {
  const details = document.createElement("details");
  const summary = element("summary", name);
  summary.append(element("code", address));
  details.append(summary, element("p", description ?? ""));
  for (const { $ref } of Object.values(messages)) details.append(...message(api, resolve(api, $ref)));
  return details;
}

/** What a message says of itself, its headers where they are told, and its body. */
function message(api, { title, summary, headers, payload }) {
  const shape = (told) => (told.$ref ? resolve(api, told.$ref) : told);
  const parts = summary ? [element("h3", title), element("p", summary)] : [];
  const body = shape(payload);
  if (headers) {
    parts.push(element("p", "Headers:"), fields(shape(headers)), element("p", "Body:"));
    if (payload.$ref && body.description) parts.push(element("p", body.description));
  }
  parts.push(body.properties || !body.type ? fields(body) : element("p", body.description ?? words(body)));
  return parts;
}

async function show() {
  const api = await (await fetch("/asyncapi.json")).json();
  about.textContent = api.info.description;
  const kinds = { "Commands": "cmd.", "Events": "evt.", "Questions": "qry.", "Answers": "_R." };
  for (const [title, prefix] of Object.entries(kinds)) {
    const section = document.createElement("section");
    section.append(element("h2", title));
    for (const [name, told] of Object.entries(api.channels)) {
      if (told.address.startsWith(prefix)) section.append(channel(api, name, told));
    }
    list.append(section);
  }
  list.append(shapes(api));
}

show().catch(() => {
  about.textContent = "The gateway does not answer. Try again in a moment.";
});
