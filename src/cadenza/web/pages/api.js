// The way to the server. The key lives in a variable of this module and nowhere else.

/** Where the server is as seen from this page; also right behind a proxy that adds a path. */
export const base = new URL(".", location.href.split("#")[0]);

let key = "";

export function setKey(text) {
  key = text.trim();
}

/** Return the document of a dialect. */
export async function fetchDocument(dialect) {
  const response = await fetch(new URL(`openapi/${dialect}.json`, base));
  if (!response.ok) throw new Error(`The document could not be read (HTTP ${response.status}).`);
  return response.json();
}

/**
 * Send a request of the shape {method, path, headers, body}; the body is a text, a form or absent.
 * Return the response as fetch gives it.
 */
export function send({ method, path, headers = {}, body }, signal) {
  const identified = key ? { ...headers, authorization: `Bearer ${key}` } : headers;
  return fetch(new URL(path.slice(1), base), {
    method, headers: identified, body, signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
  });
}

/** Read JSON from a native route; anything but success becomes an error that carries the reply. */
export async function readNative(request, signal) {
  const response = await send(request, signal);
  const value = await response.json().catch(() => null);
  if (response.ok) return value;
  const error = new Error(value?.detail ?? `HTTP ${response.status}`);
  throw Object.assign(error, { status: response.status, body: value, retryAfterS: Number(response.headers.get("retry-after")) });
}

/** Leave a file at the server; return the upload. */
export function upload(file) {
  const body = new FormData();
  body.append("file", file);
  return readNative({ method: "POST", path: "/v1/uploads", body });
}

/**
 * Return an address of this server as this page reaches it. The server writes its public URL, which may
 * differ from the one in the address bar; the page may only load from its own origin.
 */
export function local(url, publicUrl) {
  const prefix = `${publicUrl.replace(/\/$/, "")}/`;
  return url.startsWith(prefix) ? new URL(url.slice(prefix.length), base).href : url;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Return the request as a curl line. The key stays out of it: $CADENZA_KEY stands for it. */
export function curlLine({ method, path, headers = {}, body }) {
  const parts = [`curl -sS -X ${method} ${quoted(new URL(path.slice(1), base).href)}`, '-H "Authorization: Bearer $CADENZA_KEY"'];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body instanceof FormData) {
    for (const [name, value] of body) parts.push(`-F ${quoted(`${name}=${value instanceof File ? `@${value.name}` : value}`)}`);
  } else if (body !== undefined) {
    parts.push(`--data-binary ${quoted(body)}`);
  }
  return parts.join(" \\\n  ");
}
