// Shows /openapi.json. Everything of the document is put into the page as text, never as HTML.
"use strict";

const byId = (id) => document.getElementById(id);
let specification = null;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function resolved(part) {
  if (!part || !part.$ref) return part;
  return part.$ref.slice(2).split("/").reduce((at, key) => at[key], specification);
}

// "integer, 1 to 4094, or null"
function limits(schema) {
  const part = resolved(schema);
  if (part.oneOf) return part.oneOf.map(limits).join("; or ");
  if (part.type === "array") return `list of ${limits(part.items)}`;
  const words = [[part.type].flat().join(" or ")];
  if (part.format) words.push(part.format);
  if (part.enum) words.push(`one of ${part.enum.map((value) => JSON.stringify(value)).join(", ")}`);
  if (part.minimum !== undefined) words.push(`${part.minimum} to ${part.maximum}`);
  if (part.maxLength !== undefined) words.push(`${part.minLength || 0} to ${part.maxLength} characters`);
  if (part.default !== undefined) words.push(`default ${JSON.stringify(part.default)}`);
  return words.join(", ");
}

function table(heads, rows) {
  const line = (cells, kind) => element("tr", {}, ...cells.map((cell) => element(kind, {}, cell)));
  return element("table", {}, line(heads, "th"), ...rows.map((cells) => line(cells, "td")));
}

function attributeRows(schema, before = "") {
  const part = resolved(schema);
  if (part.oneOf) return attributeRows(part.oneOf[0], before);
  if (part.type === "array") return attributeRows(part.items, `${before}[].`);
  const must = new Set(part.required || []);
  return Object.entries(part.properties || {}).flatMap(([name, each]) => {
    const inner = resolved(each);
    const path = `${before}${name}`;
    const below = inner.properties ? attributeRows(inner, `${path}.`) : inner.type === "array" ? attributeRows(inner.items, `${path}[].`) : [];
    const label = element("code", must.has(name) ? { class: "must" } : {}, path);
    return inner.properties ? below : [[label, limits(each), inner.description || ""], ...below];
  });
}

function schemaPart(schema) {
  const rows = attributeRows(schema);
  const inner = resolved(schema);
  const described = Object.values((inner.oneOf ? resolved(inner.oneOf[0]) : inner).properties || {}).map((one) => resolved(one).description);
  const words = described.find((text) => text && text.includes("\n"));
  return element("div", {}, words ? element("p", { class: "words" }, words) : null,
    rows.length ? table(["attribute", "value", "meaning"], rows) : element("p", {}, limits(schema)));
}

function answers(responses) {
  return table(["status", "meaning"], Object.entries(responses).map(([status, each]) =>
    [element("code", {}, status), element("div", { class: "words" }, resolved(each).description)]));
}

// A form that sends the request, and shows what was answered.
function trial(path, method, operation) {
  const parameters = operation.parameters || [];
  const fields = parameters.map((one) => element("input", { name: one.name, "data-in": one.in, placeholder: one.in }));
  const body = operation.requestBody ? element("textarea", { placeholder: "body (JSON)" }) : null;
  const output = element("pre", { hidden: "" });
  const form = element("form", {}, table(["parameter", "value"], parameters.map((one, at) => [element("code", {}, one.name), fields[at]])),
    body, element("button", {}, `Send ${method.toUpperCase()}`), output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    const headers = { "X-Auth-Token": byId("token").value };
    let url = path;
    for (const field of fields.filter((one) => one.value !== "")) {
      if (field.dataset.in === "path") url = url.replace(`{${field.name}}`, encodeURIComponent(field.value));
      else if (field.dataset.in === "header") headers[field.name] = field.value;
      else query.append(field.name, field.value);
    }
    const text = query.size ? `${url}?${query}` : url;
    output.hidden = false;
    try {
      const answer = await fetch(text, { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
      const content = await answer.text();
      output.textContent = `${answer.status} ${answer.statusText}\n${content && answer.headers.get("content-type").includes("json") ? JSON.stringify(JSON.parse(content), null, 2) : content}`;
    } catch (error) {
      output.textContent = String(error);
    }
  });
  return element("details", {}, element("summary", {}, "Try it"), element("div", {}, form));
}

function operationPart(path, method, operation) {
  const parts = [element("p", { class: "words" }, operation.description || operation.summary)];
  if (operation.parameters) {
    parts.push(element("h3", {}, "Parameters"), table(["name", "in", "value", "meaning"], operation.parameters.map((one) =>
      [element("code", one.required ? { class: "must" } : {}, one.name), one.in, limits(one.schema), one.description || ""])));
  }
  if (operation.requestBody) {
    parts.push(element("h3", {}, "Body"), schemaPart(operation.requestBody.content["application/json"].schema));
  }
  for (const [status, each] of Object.entries(operation.responses)) {
    const content = status < "300" && each.content && each.content["application/json"];
    if (content) parts.push(element("h3", {}, `Answer ${status}`), schemaPart(content.schema));
  }
  parts.push(element("h3", {}, "Statuses"), answers(operation.responses), trial(path, method, operation));
  return element("details", { id: operation.operationId }, element("summary", {}, element("span", { class: "method" }, method.toUpperCase()),
    element("code", {}, path), ` ${operation.summary}`), element("div", {}, ...parts));
}

function show() {
  const index = byId("index");
  const main = byId("operations");
  index.replaceChildren();
  main.replaceChildren(element("p", { class: "words" }, specification.info.description));
  const groups = new Map();
  for (const [path, methods] of Object.entries(specification.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!groups.has(operation.tags[0])) groups.set(operation.tags[0], []);
      groups.get(operation.tags[0]).push([path, method, operation]);
    }
  }
  for (const [tag, operations] of groups) {
    index.append(element("b", {}, tag.replaceAll("_", " ")));
    main.append(element("h2", {}, tag.replaceAll("_", " ")));
    for (const [path, method, operation] of operations) {
      const part = operationPart(path, method, operation);
      const link = element("a", { href: `#${operation.operationId}` }, operation.operationId.replaceAll("_", " "));
      link.addEventListener("click", () => { part.open = true; });
      index.append(link);
      main.append(part);
    }
  }
}

async function load() {
  const problem = byId("problem");
  const answer = await fetch("/openapi.json", { headers: { "X-Auth-Token": byId("token").value } });
  problem.hidden = answer.ok;
  if (!answer.ok) {
    problem.textContent = answer.status === 401 ? "This server asks for a token: type it in above." : `The server answered ${answer.status}.`;
    return;
  }
  specification = await answer.json();
  show();
  const chosen = location.hash && byId(location.hash.slice(1));
  if (chosen) { chosen.open = true; chosen.scrollIntoView(); }
}

byId("access").addEventListener("submit", (event) => { event.preventDefault(); load(); });
load();
