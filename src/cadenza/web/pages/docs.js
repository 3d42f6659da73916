// The page: which dialect, which operation, whose key.

import { base, fetchDocument, readNative, setKey } from "./api.js";
import { describe } from "./reading.js";
import { operationsOf } from "./schema.js";
import { tryOperation } from "./trying.js";
import { el } from "./view.js";

const DIALECTS = { native: "native", crun: "crun", sunoapi: "sunoapi · kie", apiin: "apiin" };
const documents = new Map();
const part = (id) => document.getElementById(id);
let startBody = null; // a body that the next drawn operation begins with

function chosen() {
  const [dialect, name] = decodeURIComponent(location.hash.slice(1)).split("/");
  return dialect in DIALECTS ? { dialect, name } : { dialect: "native", name };
}

function documentOf(dialect) {
  if (!documents.has(dialect)) documents.set(dialect, fetchDocument(dialect));
  return documents.get(dialect);
}

async function draw({ moveFocus = false } = {}) {
  const { dialect, name } = chosen();
  try {
    const described = await documentOf(dialect);
    if (chosen().dialect !== dialect) return;
    const operations = operationsOf(described);
    const operation = operations.find((one) => one.operationId === name) ?? operations[0];
    drawDialects(dialect);
    drawRoutes(dialect, operations, operation);
    part("operation").replaceChildren(...describe(operation, moveToForm).filter(Boolean));
    const context = { dialect, publicUrl: described.servers[0].url, continueTake, onSpent: tellCredits };
    tryOperation(part("try"), operation, context, startBody);
    startBody = null;
    document.title = `${operation.summary} · ${DIALECTS[dialect]} · Cadenza API`;
    if (moveFocus) moveToOperation();
  } catch (error) {
    documents.delete(dialect);
    part("operation").replaceChildren(el("p", { class: "fault" }, `${error.message} Reload the page to try again.`));
  } finally {
    part("operation").setAttribute("aria-busy", "false");
  }
}

function moveToOperation() {
  part("operation").querySelector("h1").focus({ preventScroll: true });
  part("try").parentElement.scrollTop = 0;
  if (wide.matches) scrollTo(0, 0);
  else part("operation").scrollIntoView();
}

function moveToForm() {
  part("try").scrollIntoView();
  part("try").querySelector("input, select, textarea, button").focus({ preventScroll: true });
}

function drawDialects(current) {
  const links = Object.entries(DIALECTS).map(([dialect, label]) =>
    el("li", {}, el("a", { href: `#${dialect}`, "aria-current": dialect === current ? "true" : null }, label)));
  part("dialects").replaceChildren(...links);
}

function drawRoutes(dialect, operations, current) {
  const links = operations.map((one) => {
    const method = el("b", { class: one.method.toLowerCase() }, one.method);
    const words = el("span", {}, el("span", {}, breakable(one.path)), el("small", {}, one.summary));
    const target = { href: `#${dialect}/${one.operationId}`, "aria-current": one === current ? "page" : null };
    return el("li", {}, el("a", target, method, words));
  });
  part("route-list").replaceChildren(...links);
  part("document-link").replaceChildren(el("a", { href: new URL(`openapi/${dialect}.json`, base).href }, "The OpenAPI 3.1 document"));
}

/** Return a path that may be broken before its slashes only. */
function breakable(path) {
  return path.split("/").flatMap((step, index) => (index ? [el("wbr"), `/${step}`] : [step]));
}

/** Begin a native request that goes on from the end of a take. */
function continueTake(take) {
  startBody = { source: { take_id: take.id }, duration_s: 40, audio_weight: 0.8 };
  if (location.hash === "#native/createTask") draw({ moveFocus: true });
  else location.hash = "#native/createTask";
}

async function tellCredits() {
  const note = part("key-note");
  setKey(part("key").value);
  note.className = "";
  if (!part("key").value.trim()) {
    note.textContent = "Stays in this tab’s memory only.";
    return;
  }
  try {
    const account = await readNative({ method: "GET", path: "/v1/account" });
    note.textContent = `${account.name}: ${account.credits.toLocaleString("en")} credits.`;
  } catch (error) {
    note.className = "fault";
    note.textContent = error.message;
  }
}

function showKey() {
  const shown = part("key").type === "text";
  part("key").type = shown ? "password" : "text";
  part("key-show").setAttribute("aria-pressed", String(!shown));
}

function fitRoutes(wide) {
  part("routes").open = wide.matches;
}

const wide = matchMedia("(min-width: 50rem)");
wide.addEventListener("change", fitRoutes);
fitRoutes(wide);
part("key").value = ""; // a browser may have kept it over a reload
part("key").addEventListener("input", () => setKey(part("key").value));
part("key").addEventListener("change", tellCredits);
part("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  tellCredits();
});
part("key-show").addEventListener("click", showKey);
part("skip").addEventListener("click", (event) => {
  event.preventDefault();
  moveToOperation();
});
addEventListener("hashchange", () => {
  fitRoutes(wide);
  draw({ moveFocus: true });
});
draw();
