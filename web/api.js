// SPDX-License-Identifier: Apache-2.0
// The server's endpoints: one function each. All throw ApiError, whose message is fit to be shown.
// The token lives in this tab's sessionStorage and nowhere else.

const TOKEN = "avatar-token";

export class ApiError extends Error {
  /**
   * @param {number} status      HTTP status; 0: no answer came
   * @param {string} message     for a person
   * @param {string} kind        as the server names it: "full", "draining", "not_found", ...
   * @param {number} retryAfter  seconds; 0: the server named none
   */
  constructor(status, message, kind = "", retryAfter = 0) {
    super(message);
    this.status = status;
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

function authorization() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** A request; resolves to the Response when its status is 2xx. */
export async function call(method, path, { body, headers = {}, keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(path, { method, body, headers: { ...authorization(), ...headers }, keepalive, cache: "no-store" });
  } catch {
    throw new ApiError(0, "The server does not answer. Is it running?");
  }
  if (response.ok) return response;
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // a proxy's own page: its status says enough
  }
  const wait = Number(response.headers.get("Retry-After"));
  const words = error.message ? sentence(error.message) : `The server answered ${response.status}.`;
  throw new ApiError(response.status, words, error.kind, wait > 0 ? wait : 0);
}

/** "the picture is too dark; take another" -> "The picture is too dark; take another." */
export const sentence = (words) => words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");

const json = (value) => ({ body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });
const session = (id, rest = "") => `sessions/${encodeURIComponent(id)}${rest}`;

export const health = async () => (await call("GET", "health")).json();
/** @returns {Promise<{id: string, built_in: boolean, ready: boolean, reason?: string}[]>} */
export const avatars = async () => (await (await call("GET", "avatars")).json()).avatars;
export const avatarPicture = async (id) => (await call("GET", `avatars/${encodeURIComponent(id)}/picture`)).blob();

/** Whether a session would be accepted now: "ready", or why not: "starting", "full", "draining". */
export async function readiness() {
  try {
    await call("GET", "ready");
    return "ready";
  } catch (error) {
    if (error.status !== 503) throw error;
    return error.kind;
  }
}

/** @param {{avatarId?: string, picture?: Blob, emotion: string}} wish; without both the built-in portrait */
export async function startSession({ avatarId, picture, emotion }) {
  if (!picture) {
    return (await call("POST", "sessions", json({ ...(avatarId ? { avatar_id: avatarId } : {}), emotion }))).json();
  }
  const form = new FormData();
  form.append("avatar_image", picture, picture.name || "portrait");
  form.append("emotion", emotion);
  return (await call("POST", "sessions", { body: form })).json();
}

export const getSession = async (id) => (await call("GET", session(id))).json();
export const endSession = (id) => call("DELETE", session(id));
export const interrupt = (id) => call("POST", session(id, "/interrupt"));
export const whepPath = (id) => session(id, "/whep");

/** Speaks a sound file. */
export const speak = (id, file) =>
  call("POST", session(id, "/speech"), { body: file, headers: { "Content-Type": file.type || "application/octet-stream" } });

/** Speaks a text with the server's own synthesiser. */
export const say = (id, text, voice) => call("POST", session(id, "/say"), json({ text, ...(voice ? { voice } : {}) }));

/**
 * The session's events and, upwards, its speech. A browser can set no header here: the token goes as a subprotocol,
 * "bearer." and its base64url, beside "avatar", which the server chooses.
 */
export function openSpeechSocket(id) {
  const url = new URL(session(id, "/speech"), document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const token = sessionStorage.getItem(TOKEN);
  if (!token) return new WebSocket(url);
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  return new WebSocket(url, ["avatar", `bearer.${base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`]);
}
