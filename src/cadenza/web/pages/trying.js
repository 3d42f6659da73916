// The trying side: fill in an operation, send it, see what came back.

import { curlLine, send, upload } from "./api.js";
import { follow, rememberedTask } from "./following.js";
import { codeOf, refusalOf } from "./refusals.js";
import { callbackField, fieldsOf, memberAt, recordingPlace, taskIdOf, withMember } from "./schema.js";
import { button, choice, el, field, jsonBlock, prose } from "./view.js";

const JSON_MEDIA = "application/json";
const SHOWN_HEADERS = ["content-type", "content-length", "location", "retry-after", "x-request-id"];
const kept = new Map(); // what was written for each operation, while the page is open

/** Draw the form of an operation into `panel`; `start` is a body to begin with. */
export function tryOperation(panel, operation, context, start) {
  const placeInMemory = `${context.dialect} ${operation.method} ${operation.path}`;
  if (start) kept.set(placeInMemory, JSON.stringify(start, null, 2));
  const parameters = (operation.parameters ?? []).map(parameterInput);
  const content = operation.requestBody?.content ?? {};
  const bodyBox = el("div", {});
  let body = { read: () => ({}) };
  const useMedia = (media) => {
    body = media === JSON_MEDIA ? jsonBody(content[media].schema, sendable(operation, content[media]), placeInMemory) : formBody(content[media].schema);
    bodyBox.replaceChildren(...body.parts);
  };
  const medias = Object.keys(content).sort((one, other) => (other === JSON_MEDIA) - (one === JSON_MEDIA));
  if (medias.length) useMedia(medias[0]);
  const plan = () => {
    const { method, path } = operation;
    return { method, path: filled(path, parameters), ...withHeaders(body.read(), parameters) };
  };
  // Only the status line is spoken as it changes; the body beside it can be long.
  const reply = { status: el("p", { class: "status", role: "status" }), body: el("div", { class: "reply" }) };
  const sender = makeSender(plan, reply, { ...context, path: operation.path, creates: Boolean(operation.callbacks) });
  const form = el("form", { autocomplete: "off", on: { submit: sender.submit, keydown: sendByKeys } },
    el("h2", {}, "Try it"),
    parameters.map((one) => field(one.name, one.input, one.note)),
    medias.length > 1 ? field("Body as", choice(medias.map((media) => [media, media]), medias[0], useMedia)) : null,
    bodyBox,
    el("p", { class: "actions" }, sender.button, copyButton(plan, reply)));
  panel.replaceChildren(form, reply.status, reply.body);
}

function sendByKeys(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}

function parameterInput({ name, in: place, required, schema, description }) {
  const known = /task_?id/i.test(name) ? rememberedTask() : "";
  const input = schema.enum
    ? choice([["", "any"], ...schema.enum.map((one) => [one, one])], "", () => {})
    : el("input", { type: "text", value: known, required, spellcheck: "false", placeholder: schema.default ?? "" });
  return { name, place, input, note: description };
}

function filled(path, parameters) {
  const query = new URLSearchParams();
  let address = path;
  for (const { name, place, input } of parameters) {
    if (place === "path") address = address.replace(`{${name}}`, encodeURIComponent(input.value.trim()));
    if (place === "query" && input.value.trim()) query.set(name, input.value.trim());
  }
  return query.size ? `${address}?${query}` : address;
}

function withHeaders(body, parameters) {
  const own = parameters.filter(({ place, input }) => place === "header" && input.value.trim());
  const headers = { ...body.headers, ...Object.fromEntries(own.map(({ name, input }) => [name.toLowerCase(), input.value.trim()])) };
  return { ...body, headers };
}

/**
 * Return the examples of a body by name, without the address for callbacks: the one in the documents is
 * somebody else's host, which should not hear of what is tried here.
 */
function sendable(operation, { examples = {} }) {
  const left = callbackField(operation);
  const without = (value) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== left));
  return Object.fromEntries(Object.values(examples).map(({ summary, value }) => [summary, without(value)]));
}

function jsonBody(schema, examples, placeInMemory) {
  const names = Object.keys(examples);
  const written = (name) => JSON.stringify(examples[name] ?? {}, null, 2);
  const fault = el("p", { class: "fault", role: "alert" });
  const editor = el("textarea", { rows: "12", spellcheck: "false", autocapitalize: "off" });
  const changed = () => {
    kept.set(placeInMemory, editor.value);
    fault.textContent = faultIn(editor.value);
    editor.setAttribute("aria-invalid", String(Boolean(fault.textContent)));
    editor.rows = Math.min(24, Math.max(6, editor.value.split("\n").length + 1));
  };
  const write = (text) => {
    editor.value = text;
    changed();
  };
  editor.addEventListener("input", changed);
  write(kept.get(placeInMemory) ?? written(names[0]));
  const pick = choice(names.map((name) => [name, name]), names[0], (name) => write(written(name)));
  const place = recordingPlace(schema);
  return {
    parts: [
      names.length ? field("Example", pick) : null,
      place ? recordingField(place, examples, editor, write) : null,
      field("Body, JSON", editor, "Ctrl and Enter send it."),
      fault,
    ].filter(Boolean),
    read: () => ({ headers: { "content-type": JSON_MEDIA }, body: editor.value }),
  };
}

function faultIn(text) {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return `Not yet JSON: ${error.message}`;
  }
}

/** A recording from this computer: it is uploaded at once, and the body then names it. */
function recordingField(place, examples, editor, write) {
  const told = el("output", {});
  const take = async () => {
    const [file] = input.files;
    if (!file) return;
    told.textContent = `Uploading ${file.name} …`;
    try {
      const uploaded = await upload(file);
      write(JSON.stringify(withMember(bodyWith(place, examples, editor.value), place.path, place.value(uploaded)), null, 2));
      told.textContent = `${uploaded.file_name} is there, and the body names it. The second to go on from must lie inside it.`;
    } catch (error) {
      const refusal = refusalOf(error.status ?? 500, error.body, { dialect: "native", path: "/v1/uploads" });
      told.replaceChildren(`${error.message} `, ...prose(error.status ? refusal.step : "Is the server still running?"));
    }
  };
  const input = el("input", { type: "file", accept: "audio/*,video/webm,.opus,.aiff", on: { change: take } });
  return el("div", {}, field("Continue a recording of yours", input), told);
}

/** Return the written body where it takes a recording already, else the first example that does. */
function bodyWith(place, examples, text) {
  const candidates = [faultIn(text) ? {} : JSON.parse(text), ...Object.values(examples)];
  return candidates.find((one) => memberAt(one, place.path) !== undefined) ?? candidates[0];
}

function formBody(schema) {
  const inputs = fieldsOf(schema).map(({ name, type, required, description }) => ({
    name, note: description, input: el("input", { type: type === "file" ? "file" : "text", required, spellcheck: "false" }),
  }));
  const read = () => {
    const body = new FormData();
    for (const { name, input } of inputs) {
      const value = input.type === "file" ? input.files[0] : input.value.trim();
      if (value) body.append(name, value);
    }
    return { body };
  };
  return { parts: inputs.map((one) => field(one.name, one.input, one.note)), read };
}

function tell(reply, ...words) {
  reply.status.className = "status";
  reply.status.replaceChildren(...words);
}

function copyButton(plan, reply) {
  return button("Copy as curl", async () => {
    const line = curlLine(plan());
    const copied = await navigator.clipboard?.writeText(line).then(() => true, () => false);
    const note = `${copied ? "Copied." : "Copy this line."} Your key is not in it: set \`CADENZA_KEY\` in your shell first.`;
    tell(reply, ...prose(note));
    reply.body.replaceChildren(
      el("pre", { tabindex: "0", role: "region", "aria-label": "curl line" }, line));
  });
}

function makeSender(plan, reply, context) {
  const sendButton = el("button", { type: "submit", class: "main" }, "Send");
  let running = null;
  const submit = async (event) => {
    event.preventDefault();
    if (running) return running.abort();
    running = new AbortController();
    sendButton.textContent = "Stop";
    await exchange(plan(), reply, context, running.signal);
    running = null;
    sendButton.textContent = "Send";
    return undefined;
  };
  return { button: sendButton, submit };
}

async function exchange(request, reply, context, signal) {
  tell(reply, "Waiting for the answer …");
  reply.body.replaceChildren();
  const begun = performance.now();
  try {
    const response = await send(request, signal);
    tell(reply, el("b", {}, `HTTP ${response.status}`), ` in ${Math.round(performance.now() - begun)} ms`);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) await showEvents(response, reply);
    else showReply(response, await response.text(), reply, context);
  } catch (error) {
    tell(reply, signal.aborted ? "Stopped." : `No answer came: ${error.message}. Is the server still running?`);
    reply.status.classList.toggle("fault", !signal.aborted);
  }
}

function headersOf(response) {
  const shown = SHOWN_HEADERS.filter((name) => response.headers.has(name));
  const rows = shown.flatMap((name) => [el("dt", {}, name), el("dd", {}, response.headers.get(name))]);
  return el("dl", { class: "headers" }, rows);
}

async function showEvents(response, reply) {
  const block = el("pre", { tabindex: "0", role: "region", "aria-label": "Events" });
  reply.body.replaceChildren(headersOf(response), block);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) block.append(part.value);
}

function showReply(response, text, reply, context) {
  const isJson = response.headers.get("content-type")?.includes("json");
  const body = isJson ? JSON.parse(text) : text;
  const refusal = refusalOf(response.status, body, context);
  const taskId = context.creates && !refusal ? taskIdOf(body) : undefined;
  if (taskId) context.onSpent();
  const next = taskId && el("p", {}, button("Follow this task", () => follow(taskId, context), { class: "main" }));
  reply.status.classList.toggle("bad", Boolean(refusal));
  reply.body.replaceChildren(
    headersOf(response), ...[refusal && refusalBox(refusal), next].filter(Boolean),
    jsonBlock(body, `Body of the response, code ${codeOf(response.status, body)}`));
}

/** Return what went wrong and what to do next. */
function refusalBox({ code, sentence, faults, step }) {
  const rows = faults.map(({ field: name, reason, limit, actual }) => {
    const numbers = [["limit", limit], ["sent", actual]].filter(([, value]) => value !== null && value !== undefined);
    const facts = numbers.map(([word, value]) => `${word} ${value}`).join(", ");
    return el("li", {}, el("code", {}, name ?? "body"), ` ${reason}${facts ? ` (${facts})` : ""}`);
  });
  return el("div", { class: "refusal" },
    el("p", {}, el("b", {}, `Code ${code}. `), rows.length ? null : sentence),
    rows.length ? el("ul", {}, rows) : null,
    el("p", {}, el("b", {}, "Next: "), prose(step)));
}
