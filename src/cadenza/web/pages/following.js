// A task from its beginning to its takes, by the native route, whichever dialect made it.

import { local, readNative } from "./api.js";
import { refusalOf } from "./refusals.js";
import { button, clockTime, el, prose } from "./view.js";

const FINAL = new Set(["complete", "failed", "cancelled"]);
const LOOK_MS = 1000;
const LONGEST_LOOK_MS = 10_000;
const STATUS_WORDS = {
  queued: "Waiting", running: "At work", text_ready: "Words are ready", first_ready: "The first take is ready",
  complete: "Complete", failed: "Failed", cancelled: "Cancelled",
};

const FAILURE_STEPS = {
  source_unusable: "choose another recording, or another second to go on from, and send it again.",
  generation_failed: "send it again; if it fails again, with another seed. The server’s log has the rest.",
  worker_lost: "send it again. If it stays so, `cadenza doctor` says what the workers lack.",
};

let latestTask = "";
let looking = null;

/** Return the id of the task that was followed last in this tab, or "". */
export function rememberedTask() {
  return latestTask;
}

/** Show a task and keep it up to date until it ends. `context` has publicUrl, continueTake and onSpent. */
export async function follow(taskId, context) {
  looking?.abort();
  looking = new AbortController();
  latestTask = taskId;
  const view = taskView(taskId, context, looking);
  await keepLooking(taskId, view, looking.signal);
}

async function keepLooking(taskId, view, signal) {
  let pause_ms = LOOK_MS;
  while (!signal.aborted) {
    try {
      const task = await readNative({ method: "GET", path: `/v1/tasks/${encodeURIComponent(taskId)}` }, signal);
      view.show(task);
      if (FINAL.has(task.status)) return;
      pause_ms = LOOK_MS;
    } catch (error) {
      if (signal.aborted) return;
      view.tell(error);
      if (error.status && error.status < 500 && error.status !== 429) return;
      pause_ms = Math.min(LONGEST_LOOK_MS, 2 * pause_ms);
    }
    await new Promise((resume) => setTimeout(resume, pause_ms));
  }
}

function taskView(taskId, context, control) {
  const panel = document.getElementById("task");
  const heading = el("h2", { tabindex: "-1" }, "Task");
  const bar = el("progress", { max: "1", value: "0", "aria-label": "How far the task is" });
  const state = el("p", { class: "state", role: "status" });
  const detail = el("p", { class: "facts" });
  const fault = el("p", { class: "fault", role: "alert" });
  const takes = el("div", { class: "takes" });
  const after = el("div", {});
  const stop = button("Cancel the task", () => cancel(taskId, { show, tell }));
  const cards = new Map();

  function show(task) {
    fault.replaceChildren();
    bar.value = task.progress.fraction ?? 0;
    if (state.textContent !== STATUS_WORDS[task.status]) state.textContent = STATUS_WORDS[task.status] ?? task.status;
    detail.textContent = progressLine(task);
    const isOver = FINAL.has(task.status);
    for (const take of task.takes) showTake(take, isOver, cards, takes, context);
    if (!isOver) return;
    stop.hidden = true;
    after.replaceChildren(...ending(task));
    context.onSpent();
  }

  function tell(error) {
    const refusal = error.status ? refusalOf(error.status, error.body, { dialect: "native", path: "" }) : null;
    const step = refusal?.step ?? "Is the server still running? Trying again.";
    fault.replaceChildren(error.message.replace(/\.?$/, ". "), ...prose(step));
  }

  const close = button("Close", () => {
    control.abort();
    panel.hidden = true;
    panel.replaceChildren();
  });
  panel.replaceChildren(heading, el("p", { class: "facts" }, el("code", {}, taskId)), bar, state, detail, fault, takes, after,
    el("p", { class: "actions" }, stop, close));
  panel.hidden = false;
  const column = panel.parentElement;
  if (column.scrollHeight > column.clientHeight) column.scrollTop = panel.offsetTop;
  else panel.scrollIntoView();
  heading.focus({ preventScroll: true });
  return { show, tell };
}

async function cancel(taskId, view) {
  try {
    view.show(await readNative({ method: "POST", path: `/v1/tasks/${encodeURIComponent(taskId)}/cancel` }));
  } catch (error) {
    view.tell(error);
  }
}

function progressLine({ status, progress, credits, engine, seed }) {
  const { stage, fraction, queue_place: place, left_s: left } = progress;
  const parts = FINAL.has(status) ? [] : [`${Math.round(100 * (fraction ?? 0))} %`, `stage: ${stage}`];
  if (place) parts.push(`place ${place} in the queue`);
  if (left && !FINAL.has(status)) parts.push(`about ${clockTime(left)} left`);
  if (status === "complete") parts.push(`${credits} credits`);
  return [...parts, engine ? `engine ${engine}` : null, `seed ${seed}`].filter(Boolean).join(" · ");
}

function ending({ status, error, honoured, unknown_fields: unknown }) {
  const notes = Object.entries(honoured).map(([name, { fidelity, reason }]) =>
    el("li", {}, el("code", {}, name), ` ${fidelity}${reason ? `: ${reason}` : ""}`));
  const parts = [];
  if (error) {
    parts.push(el("p", { class: "fault" }, `${error.reason} It cost nothing.`));
    if (status === "failed") parts.push(el("p", {}, "Next: ", ...prose(FAILURE_STEPS[error.kind] ?? "send it again.")));
  }
  if (notes.length) parts.push(el("details", {}, el("summary", {}, "What became of each wish"), el("ul", {}, notes)));
  if (unknown.length) parts.push(el("p", {}, `Not known here, and left aside: ${unknown.join(", ")}.`));
  return parts;
}

/** Draw a take, or bring its card up to date; a player in use is left alone until the take is given up. */
function showTake(take, isOver, cards, panel, context) {
  let card = cards.get(take.id);
  if (!card) {
    card = newCard(take.index + 1);
    cards.set(take.id, card);
    panel.append(card.box);
  }
  const isGivenUp = isOver && take.status !== "ready";
  const source = isGivenUp ? null : take.audio_url ?? take.stream_url;
  if (take.status + source === card.drawn) return;
  card.drawn = take.status + source;
  const address = source && local(source, context.publicUrl);
  const inUse = card.audio.currentTime > 0 || !card.audio.paused;
  if (address && !inUse) card.audio.setAttribute("src", address);
  if (!address) card.audio.removeAttribute("src");
  card.audio.setAttribute("aria-label", `Take ${take.index + 1}: ${take.title}`);
  card.audio.hidden = !address;
  card.words.replaceChildren(...words(take, isGivenUp, context));
  card.below.replaceChildren(...below(take, context));
}

function newCard(number) {
  const words = el("div", { class: "words" });
  const audio = el("audio", { controls: true, preload: "none" });
  const below = el("div", {});
  return { box: el("article", { class: "take", "aria-label": `Take ${number}` }, words, audio, below), words, audio, below, drawn: "" };
}

function words(take, isGivenUp, { publicUrl }) {
  const state = isGivenUp ? "not made" : "being made";
  const facts = [take.status === "ready" ? null : state, take.duration_s && clockTime(take.duration_s),
    take.bpm && `${Math.round(take.bpm)} bpm`, take.key, take.loudness_lufs && `${take.loudness_lufs.toFixed(1).replace("-", "−")} LUFS`,
    take.joined_at_s ? `new from ${clockTime(take.joined_at_s)}` : null];
  const address = take.image_url && local(take.image_url, publicUrl);
  const cover = address && el("img", { src: address, alt: `Cover of ${take.title}`, width: "84", height: "84" });
  return [cover, el("div", {},
    el("h3", {}, `${take.index + 1}. ${take.title}`),
    el("p", {}, take.style ?? ""),
    el("p", { class: "facts" }, facts.filter(Boolean).join(" · ")))].filter(Boolean);
}

const DOWNLOADS = [["audio_url", "MP3"], ["flac_url", "FLAC"], ["new_part_url", "New part alone"], ["image_large_url", "Cover"]];

function below(take, { publicUrl, continueTake }) {
  const links = DOWNLOADS.filter(([name]) => take[name]).map(([name, label]) =>
    el("a", { href: local(take[name], publicUrl), download: true, "aria-label": `Download ${label} of take ${take.index + 1}` }, label));
  const again = take.status === "ready" ? button("Continue this take", () => continueTake(take)) : null;
  const lyrics = take.lyrics ? el("details", {}, el("summary", {}, "Lyrics"), el("p", { class: "lyrics" }, take.lyrics)) : null;
  return [links.length ? el("p", { class: "links" }, links) : null, lyrics, again].filter(Boolean);
}
