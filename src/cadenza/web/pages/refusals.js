// What a refusal says, and what to do next.

const STEPS = {
  key: "Put the key that the server printed at its start into the box at the top. A new one: `cadenza key create NAME --credits 500`.",
  credits: "Ask whoever runs this server for more: `cadenza credits grant`. A lower model or fewer takes cost less.",
  fields: "Correct the fields named above; the table of fields has their limits.",
  missing: "Look at the id: tasks, takes and uploads are seen only with a key of the account that made them.",
  gone: "Its time to be kept is over. Make it again: the same request with the same seed gives the same music.",
  conflict: "The task is not in a state for this. Read it again, and wait until it is complete.",
  large: "Send a smaller file or shorter texts; the limit is named above.",
  often: "Wait a little, then send it again; `Retry-After` says how long.",
  down: "Try again in a moment. If it stays so, `/readyz` and `cadenza doctor` say what is missing.",
  server: "This is the server’s fault and costs nothing. Its log has the rest; send the request again.",
};
const BY_CODE = {
  400: "fields", 401: "key", 402: "credits", 403: "key", 404: "missing", 405: "often", 409: "conflict", 410: "gone", 413: "large",
  422: "fields", 429: "often", 430: "often", 455: "down", 503: "down",
};

/** Return the code that tells how a call went: the one in the body where the dialect has one. */
export function codeOf(status, body) {
  return Number.isInteger(body?.code) ? body.code : status;
}

/**
 * Return what went wrong, as {sentence, faults, step}, or null when nothing did.
 * The music routes of sunoapi say 429 for missing credits; everywhere else it means too often.
 */
export function refusalOf(status, body, { dialect, path }) {
  const code = codeOf(status, body);
  if (code < 400) return null;
  const noCredits = dialect === "sunoapi" && code === 429 && !path.startsWith("/api/file-");
  const told = body?.error && typeof body.error === "object" ? body.error : body;
  return {
    code,
    sentence: told?.detail ?? told?.message ?? told?.msg ?? `HTTP ${status}`,
    faults: told?.faults ?? told?.errors ?? body?.errors ?? [],
    step: STEPS[noCredits ? "credits" : BY_CODE[code] ?? "server"],
  };
}
