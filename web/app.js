// SPDX-License-Identifier: Apache-2.0
// The page: the gallery, and the stage when a session runs. A running session stands in the address (#session=ID), so that
// a reload, or a second person with the link, sees it again.
import * as api from "./api.js";
import { Gallery } from "./gallery.js";
import { Stage } from "./stage.js";
import { Viewer } from "./viewer.js";

const $ = (id) => document.getElementById(id);
const LOOK_MS = 4000; // how often the server's state is asked for
const STARTING_MS = 700; // while it is starting up
const STATES = {
  ready: { look: "ready", words: "Ready" },
  starting: { look: "wait", words: "Starting" },
  full: { look: "wait", words: "Full" },
  draining: { look: "bad", words: "Shutting down" },
};

const gallery = new Gallery((choice) => start(choice));
let stage = null;
let running = null; // {id, choice, mine}: the session on the stage
let attempt = 0; // number of the newest wish to start; older ones give up
let abilities = { say: false, voices: [] };

// ---- the server's state, and the gallery

async function look() {
  let next = LOOK_MS;
  try {
    const health = await api.health();
    abilities = { say: Boolean(health.say), voices: health.voices ?? [] };
    $("version").textContent = `avatar-worker ${health.version}`;
    const state = await api.readiness();
    pill(STATES[state]?.look ?? "bad", STATES[state]?.words ?? "Not ready", ` · ${health.active_workers} of ${health.capacity} in use`);
    if (!stage) gallery.show(await api.avatars());
    $("locked").hidden = true;
    $("gallery").hidden = Boolean(stage);
    if (state === "starting") next = STARTING_MS;
  } catch (error) {
    if (error.status === 401) askForToken();
    else pill("bad", error.status === 0 ? "The server does not answer" : error.message);
  }
  setTimeout(look, document.hidden ? 4 * next : next);
}

function pill(state, words, more = "") {
  $("server").dataset.state = state;
  if ($("server-words").textContent !== words) $("server-words").textContent = words; // said aloud only when it changes
  $("server-more").textContent = more;
}

/** @param {boolean} waiting it is no failure: the page waits, and can be stopped */
function notice(words, waiting = false) {
  $("notice").hidden = !words;
  $("notice").classList.toggle("calm", waiting);
  $("notice-words").textContent = words;
  $("notice-close").textContent = waiting ? "Stop waiting" : "Close";
}

function askForToken() {
  pill("wait", "Locked");
  if (!$("locked").hidden) return;
  $("gallery").hidden = true;
  $("locked").hidden = false;
  $("token").focus();
}

$("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  api.setToken($("token").value.trim());
  $("token-error").textContent = "";
  try {
    gallery.show(await api.avatars());
    $("locked").hidden = true;
    begin();
  } catch (error) {
    $("token-error").textContent = error.status === 401 ? "That is not the token." : error.message;
    $("token").select();
  }
});

$("notice-close").addEventListener("click", () => {
  attempt++; // whoever waits for a free place sees it and gives up
  notice("");
});

// ---- sessions

async function start(choice) {
  const mine = ++attempt;
  const clicked = performance.now();
  const viewer = new Viewer($("video"));
  viewer.prepare(); // the offer is made while the server prepares the face
  choice.card?.setAttribute("aria-busy", "true");
  notice("");
  choice.emotion = $("emotion").value;
  try {
    const id = await place(choice, () => mine === attempt);
    if (id === null) viewer.close();
    else enter({ id, choice, mine: true }, viewer, clicked);
  } catch (error) {
    viewer.close();
    if (error.status === 401) askForToken();
    else if (choice.picture && error.status >= 400 && error.status < 500) gallery.refuse(choice, error.message);
    else notice(error.message);
  } finally {
    choice.card?.removeAttribute("aria-busy");
  }
}

/** Starts a session, waiting for a free place as long as it is wanted. @returns its id, or null: no longer wanted */
async function place(choice, wanted) {
  for (;;) {
    try {
      const { session_id: id } = await api.startSession(choice);
      if (wanted()) return id;
      api.endSession(id).catch(() => {});
      return null;
    } catch (error) {
      if (!wanted()) return null;
      if (error.status !== 503 || !error.retryAfter) throw error;
      notice(`${error.message} This page keeps trying until there is room.`, true);
      await new Promise((done) => setTimeout(done, error.retryAfter * 1000));
      if (!wanted()) return null;
    }
  }
}

function enter(session, viewer, clicked) {
  running = session;
  if (session.mine) sessionStorage.setItem("mine", session.id);
  notice("");
  const { id, choice } = session;
  viewer.connect(api.whepPath(id)); // does not wait for the page to change
  if (location.hash !== `#session=${id}`) history.pushState(null, "", `#session=${id}`);
  const swap = () => {
    stage?.close();
    stage = new Stage(id, choice, viewer, clicked, abilities);
    stage.onleave = leave;
    stage.onagain = () => again(choice);
    $("gallery").hidden = true;
    $("stage").hidden = false;
    scrollTo(0, 0);
    $("name").focus({ preventScroll: true });
  };
  morph(choice.card?.querySelector("img"), swap);
}

function leave() {
  const { id, mine } = running;
  close().then(() => mine && api.endSession(id).catch(() => {}));
}

/** Back to the gallery; the session itself lives on. */
function close() {
  const card = running?.choice.card;
  const done = morph(null, () => {
    stage?.close();
    stage = running = null;
    $("stage").hidden = true;
    $("gallery").hidden = false;
    card?.focus();
  });
  history.replaceState(null, "", location.pathname);
  attempt++;
  return done;
}

function again(choice) {
  close();
  if (choice.card) start(choice);
}

/** Changes the page, and resolves when that is done; where the browser can, the picture of the card grows into the stage. */
function morph(image, change) {
  if (!document.startViewTransition) {
    change();
    return Promise.resolve();
  }
  if (image) image.style.viewTransitionName = "portrait";
  const transition = document.startViewTransition(() => {
    if (image) image.style.viewTransitionName = "";
    change();
    $("screen").style.viewTransitionName = image ? "portrait" : "";
  });
  for (const step of [transition.ready, transition.finished]) step.catch(() => {}); // a newer one took its place
  return transition.updateCallbackDone;
}

/** Shows the session of the address, if it names one that lives; else the gallery. */
async function begin() {
  const id = /^#session=(.+)$/.exec(location.hash)?.[1];
  if (!id || id === running?.id) return;
  try {
    const { avatar_id: avatar } = await api.getSession(id);
    const image = avatar ? await gallery.picture(avatar).catch(() => undefined) : undefined;
    const mine = sessionStorage.getItem("mine") === id;
    enter({ id, choice: { name: "Avatar", image }, mine }, new Viewer($("video")), performance.now());
  } catch (error) {
    history.replaceState(null, "", location.pathname);
    if (error.status === 401) askForToken();
    else notice("That session has ended.");
  }
}

addEventListener("popstate", () => {
  if (stage && !location.hash) leave();
  else begin();
});
addEventListener("pagehide", () => stage?.close());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload()); // its connections were closed

look();
begin();
