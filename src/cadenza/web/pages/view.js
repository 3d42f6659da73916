// Small helpers that every part of the page draws with.

/**
 * Return an element. Attributes that are null, undefined or false are left out; `on` holds listeners.
 * Children that are strings become text: nothing from the server is ever read as markup.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, ...plain } = attributes;
  for (const [name, value] of Object.entries(plain)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

let noteCount = 0;

/** Return a label above its input, with an optional note below that readers speak too. */
export function field(label, input, note) {
  if (!note) return el("label", { class: "field" }, el("span", {}, label), input);
  noteCount += 1;
  const noteId = `note-${noteCount}`;
  input.setAttribute("aria-describedby", noteId);
  return el("div", { class: "field" }, el("label", {}, el("span", {}, label), input), el("small", { id: noteId }, note));
}

/** Return a choice; `options` are pairs of value and label. */
export function choice(options, chosen, onChoose) {
  const list = options.map(([value, label]) => el("option", { value, selected: value === chosen }, label));
  return el("select", { on: { change: (event) => onChoose(event.target.value) } }, list);
}

/** Return a button. */
export function button(label, onClick, attributes = {}) {
  return el("button", { type: "button", ...attributes, on: { click: onClick } }, label);
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

/** Return JSON as a readable block: names, texts and numbers told apart. */
export function jsonBlock(value, label) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const block = el("pre", { tabindex: "0", role: "region", "aria-label": label });
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = match[2] ? "name" : match[1] ? "text" : "number";
    block.append(text.slice(end, match.index), el("span", { class: `json-${kind}` }, match[1] ?? match[0]), match[2] ?? "");
    end = match.index + match[0].length;
  }
  block.append(text.slice(end));
  return block;
}

/** Return a text as paragraph parts, with `code` between backticks set as code. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

/** Return seconds as people read them: "8 s", "2:05". */
export function clockTime(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
