// The reading side: what an operation takes, answers and calls back.

import { callbackField, fieldsOf, variantsOf } from "./schema.js";
import { button, choice, el, jsonBlock, prose } from "./view.js";

const STATUS_WORDS = {
  200: "done", 201: "created", 400: "invalid", 401: "no valid key", 402: "too few credits", 404: "not found", 409: "not now", 410: "gone",
  413: "too large", 422: "invalid", 429: "too often", 503: "not ready",
};

/** Return the parts that describe an operation; `onTry` leads to the form, where it is far below. */
export function describe(operation, onTry) {
  const content = Object.entries(operation.requestBody?.content ?? {});
  return [
    el("p", { class: "route" }, el("b", {}, operation.method), " ", el("code", {}, operation.path)),
    el("h1", { tabindex: "-1" }, operation.summary),
    el("p", { class: "to-form" }, button("Try it", onTry)),
    operation.parameters ? parameters(operation.parameters) : null,
    content.map(([media, { schema }]) => request(media, schema)),
    responses(operation.responses),
    operation.callbacks ? callbacks(operation) : null,
  ].flat();
}

function parameters(list) {
  const rows = list.map((one) => {
    const { properties } = { properties: { [one.name]: { ...one.schema, description: one.description } } };
    const [found] = fieldsOf({ properties, required: one.required ? [one.name] : [] });
    return fieldRow({ ...found, type: `${found.type}, in ${one.in}` });
  });
  return el("section", {}, el("h2", {}, "Parameters"), el("dl", { class: "fields" }, rows));
}

function request(media, schema) {
  const variants = variantsOf(schema);
  const tables = variants.map(({ label, schema: one }, index) => {
    const table = el("dl", { class: "fields" }, fieldsOf(one).map(fieldRow));
    return label ? el("details", { open: index === 0 }, el("summary", {}, el("code", {}, label)), table) : table;
  });
  return el("section", {}, el("h2", {}, "Request ", el("small", {}, media)), tables);
}

function fieldRow({ name, type, required, limits, choices, standard, description }) {
  const facts = [type, ...limits];
  if (standard !== undefined && standard !== null) facts.push(`default ${JSON.stringify(standard)}`);
  const head = el("dt", {}, el("code", {}, name), required ? el("b", { class: "required" }, "required") : null);
  const body = el("dd", {}, el("span", { class: "facts" }, facts.join(" · ")), description ? el("p", {}, prose(description)) : null);
  if (choices.length) body.append(el("p", { class: "choices" }, choices.flatMap((one) => [el("code", {}, one), " "])));
  return el("div", {}, head, body);
}

function responses(all) {
  const parts = Object.entries(all).map(([status, reply], index) => {
    const [media, content] = Object.entries(reply.content ?? {})[0] ?? ["", {}];
    const word = STATUS_WORDS[status] ?? "";
    return el("details", { open: index === 0 },
      el("summary", {}, el("b", {}, status), ` ${word} `, el("small", {}, media)),
      /^(Done|Refused)\.$/.test(reply.description) ? null : el("p", {}, prose(reply.description)),
      examples(content.examples, `Example of a ${status} response`));
  });
  return el("section", {}, el("h2", {}, "Responses"), parts);
}

function callbacks(operation) {
  const [{ post }] = Object.values(operation.callbacks).flatMap((paths) => Object.values(paths));
  return el("section", {}, el("h2", {}, "Callbacks"),
    el("p", {}, "Each stage is posted to the address in ", el("code", {}, callbackField(operation)),
      ", at least once, signed with the account’s webhook secret. Any 2xx answer ends the retries."),
    examples(post.requestBody.content["application/json"].examples, "Example of a callback"));
}

/** Return examples, one shown at a time. */
function examples(all = {}, label) {
  const names = Object.keys(all).filter((name) => typeof all[name].value !== "object" || Object.keys(all[name].value ?? {}).length);
  if (!names.length) return null;
  const shown = el("div", {});
  const show = (name) => shown.replaceChildren(jsonBlock(all[name].value, label));
  show(names[0]);
  const picker = choice(names.map((name) => [name, all[name].summary ?? name]), names[0], show);
  picker.setAttribute("aria-label", label);
  return el("div", { class: "examples" }, names.length > 1 ? picker : null, shown);
}
