// SPDX-License-Identifier: Apache-2.0
// One live session on the screen: the video, and every way to make it speak.
//
//   const stage = new Stage(id, choice, viewer, clicked, abilities);
//   stage.onleave = () => ...        the visitor is done
//   stage.onagain = () => ...        the session ended by itself, and the visitor wants another
//   stage.close();
import * as api from "./api.js";
import { Figures } from "./figures.js";
import { Microphone } from "./microphone.js";
import { showMood } from "./mood.js";
import { SpeechSocket } from "./speech_socket.js";

const $ = (id) => document.getElementById(id);
const LIVE_WORDS = { connecting: "Connecting", live: "Live", lost: "Connection lost, trying again" };
// After an interruption nothing is heard until the server has obeyed and what the browser had buffered has gone by.
const BUFFERED_MS = 100;
const HUSH_MOST_MS = 1000;
const ENDED = "This session has ended.";

export class Stage {
  onleave = () => {};
  onagain = () => {};
  #id;
  #viewer;
  #figures;
  #socket;
  #microphone;
  #follows = true; // the mood is the one that is heard
  #listeners = new AbortController();
  #clicked;
  #spokenAt = 0; // when the first byte of the present speech went out; 0: nothing is waited for
  #interruptedAt = 0;
  #hush = 0; // timer: the sound comes back
  #speaking = false;

  /**
   * @param {string} id of the session
   * @param {{name: string, image?: string, emotion?: string}} choice
   * @param {import("./viewer.js").Viewer} viewer that connects, or has
   * @param {number} clicked when the visitor asked for it, by performance.now()
   * @param {{say: boolean, voices: string[]}} abilities of the server
   */
  constructor(id, choice, viewer, clicked, abilities) {
    this.#id = id;
    this.#viewer = viewer;
    this.#clicked = clicked;
    this.#figures = new Figures(viewer);
    this.#dress(choice, abilities);
    this.#socket = new SpeechSocket(id);
    this.#socket.onevent = (event) => this.#event(event);
    this.#socket.onlost = () => this.#checkAlive();
    this.#microphone = new Microphone();
    this.#wire(abilities);
    viewer.onstate = (state) => this.#state(state);
    this.#state(viewer.state);
  }

  close() {
    this.#listeners.abort();
    clearTimeout(this.#hush);
    this.#microphone.close();
    this.#socket.close();
    this.#viewer.close();
    this.#figures.close();
    if (document.fullscreenElement) document.exitFullscreen();
  }

  #dress({ name, image, emotion }, { say, voices }) {
    $("name").textContent = name;
    if (image) $("poster").src = image;
    else $("poster").removeAttribute("src");
    this.#ratio($("poster").naturalWidth, $("poster").naturalHeight);
    $("poster").onload = () => this.#ratio($("poster").naturalWidth, $("poster").naturalHeight);
    $("curtain").hidden = true;
    $("tools").inert = false;
    $("hands-free").checked = false;
    $("text").value = "";
    $("text").disabled = $("say-send").disabled = !say;
    $("say-help").hidden = say;
    $("say-help").textContent = say ? "" : "To let it speak typed text, install espeak-ng on the server and start it again.";
    $("voice-row").hidden = !say || voices.length < 2;
    $("voice").replaceChildren(...voices.map((voice) => new Option(voice)));
    this.#follows = !emotion || emotion === "auto"; // else it is fixed
    showMood(this.#follows ? "" : emotion);
    this.#tell("");
    this.#micWords("Hold to talk");
    this.#setSpeaking(false);
    this.#showMute();
  }

  #wire({ say }) {
    const on = (target, type, act) => target.addEventListener(type, act, { signal: this.#listeners.signal });
    on($("end"), "click", () => this.onleave());
    on($("again"), "click", () => this.onagain());
    on($("interrupt"), "click", () => this.#interrupt());
    on(document, "keydown", (event) => {
      if (event.key === "Escape" && this.#speaking && !event.defaultPrevented) this.#interrupt();
    });
    this.#wireMicrophone(on);
    this.#wireRecording(on);
    if (say) this.#wireText(on);
    on($("mute"), "click", () => ($("video").muted = !$("video").muted));
    on($("video"), "volumechange", () => this.#showMute());
    on($("full"), "click", () => toggleFullScreen());
    on($("video"), "resize", () => this.#ratio($("video").videoWidth, $("video").videoHeight));
  }

  // ---- what the server says

  #state(state) {
    if (state === "live" && this.#clicked) {
      this.#figures.firstPicture(performance.now() - this.#clicked);
      this.#clicked = 0;
    }
    if (state === "ended") this.#over(ENDED);
    else if (state === "refused") this.#over(this.#viewer.error.message);
    else {
      $("screen").dataset.state = state;
      $("live-words").textContent = LIVE_WORDS[state];
    }
  }

  #event(event) {
    if (event.type === "started") {
      if (this.#spokenAt) this.#figures.answered(performance.now() - this.#spokenAt);
      this.#spokenAt = 0;
      this.#setSpeaking(true);
    } else if (event.type === "finished") {
      if (this.#interruptedAt) {
        this.#figures.interrupted(performance.now() - this.#interruptedAt);
        this.#hushFor(BUFFERED_MS);
      }
      this.#interruptedAt = 0;
      this.#setSpeaking(false);
      this.#tell(event.interrupted ? "Interrupted." : "");
    } else if (event.type === "emotion") {
      if (this.#follows) showMood(event.emotion);
    } else if (event.type === "error") {
      this.#tell(api.sentence(event.message), true);
    }
  }

  /** A connection is gone: the network's doing, or is there no session any more? */
  async #checkAlive() {
    try {
      await api.getSession(this.#id);
    } catch (error) {
      if (error.status === 404 && !this.#listeners.signal.aborted) this.#over(ENDED);
    }
  }

  #over(words) {
    $("screen").dataset.state = "over";
    $("live-words").textContent = "Ended";
    $("curtain-words").textContent = words;
    $("curtain").hidden = false;
    $("tools").inert = true;
    this.#setSpeaking(false);
    this.#microphone.close();
    this.#socket.close();
    this.#viewer.close();
    $("again").focus();
  }

  #setSpeaking(on) {
    this.#speaking = on;
    $("screen").dataset.speaking = on;
    $("interrupt").disabled = !on;
  }

  // ---- what the visitor does

  async #interrupt() {
    this.#interruptedAt = performance.now();
    this.#hushFor(HUSH_MOST_MS);
    this.#microphone.cut();
    if (this.#socket.isOpen) this.#socket.interrupt();
    else await this.#try(() => api.interrupt(this.#id));
  }

  #hushFor(milliseconds) {
    clearTimeout(this.#hush);
    this.#viewer.sound(false);
    this.#hush = setTimeout(() => this.#viewer.sound(true), milliseconds);
  }

  #wireMicrophone(on) {
    const mic = $("mic");
    const microphone = this.#microphone;
    const idleWords = () => ($("hands-free").checked ? "Listening" : "Hold to talk");
    microphone.onopen = (rate) => this.#socket.setRate(rate);
    microphone.onpcm = (pcm) => this.#socket.send(pcm);
    microphone.onlevel = (level) => mic.style.setProperty("--level", Math.min(1, level * 6).toFixed(2));
    microphone.onbegin = () => {
      this.#spokenAt = performance.now();
      mic.setAttribute("aria-pressed", "true");
      this.#micWords("It says what you say");
    };
    microphone.onend = () => {
      this.#socket.end();
      mic.setAttribute("aria-pressed", "false");
      this.#micWords(idleWords());
    };
    const attempt = async (act) => {
      try {
        await act();
        return true;
      } catch (error) {
        this.#micWords(error.message, true);
        return false;
      }
    };
    const hold = async () => {
      let released = false;
      const letGo = new AbortController();
      const release = () => {
        released = true;
        letGo.abort();
        microphone.release();
      };
      for (const type of ["pointerup", "pointercancel", "blur"]) addEventListener(type, release, { signal: letGo.signal });
      addEventListener("keyup", ({ key }) => (key === " " || key === "Enter") && release(), { signal: letGo.signal });
      const open = await attempt(() => microphone.hold());
      // The browser's question took the finger away: the microphone is there now, and nothing was said yet.
      if (open && released) {
        microphone.release();
        this.#micWords(idleWords());
      }
    };
    on(mic, "pointerdown", (event) => event.button === 0 && hold());
    on(mic, "contextmenu", (event) => event.preventDefault());
    on(mic, "keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) hold();
    });
    on($("hands-free"), "change", async () => {
      const box = $("hands-free");
      box.checked = (await attempt(() => microphone.setHandsFree(box.checked))) && box.checked;
      if (!$("mic-help").classList.contains("error") || box.checked) {
        this.#micWords(idleWords());
        if (box.checked) this.#tell("With headphones it cannot hear itself.");
      }
    });
  }

  #wireRecording(on) {
    const stage = $("stage");
    const play = async (file) => {
      if (!file) return;
      this.#tell(`Speaking “${file.name}”`);
      this.#spokenAt = performance.now();
      await this.#try(() => api.speak(this.#id, file));
    };
    on($("file"), "click", () => $("sound-file").click());
    on($("sound-file"), "change", () => {
      play($("sound-file").files[0]);
      $("sound-file").value = "";
    });
    on(stage, "dragover", (event) => {
      event.preventDefault();
      stage.classList.add("dragging");
    });
    on(stage, "dragleave", () => stage.classList.remove("dragging"));
    on(stage, "drop", (event) => {
      event.preventDefault();
      stage.classList.remove("dragging");
      play(event.dataTransfer.files[0]);
    });
  }

  #wireText(on) {
    const text = $("text");
    on(text, "keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      $("say").requestSubmit();
    });
    on($("say"), "submit", async (event) => {
      event.preventDefault();
      const words = text.value.trim();
      if (!words) return;
      this.#spokenAt = performance.now();
      if (await this.#try(() => api.say(this.#id, words, $("voice").value))) text.value = "";
    });
  }

  /** Does it, or says why not. */
  async #try(act) {
    try {
      await act();
      return true;
    } catch (error) {
      this.#spokenAt = this.#interruptedAt = 0;
      this.#tell(error.message, true);
      return false;
    }
  }

  // ---- what is shown

  #tell(words, isError = false) {
    $("talk-words").textContent = words;
    $("talk-words").classList.toggle("error", isError);
  }

  #micWords(words, isError = false) {
    $("mic-help").textContent = words;
    $("mic-help").classList.toggle("error", isError);
  }

  #ratio(width, height) {
    if (width && height) $("screen").style.setProperty("--ratio", width / height);
  }

  #showMute() {
    const { muted } = $("video");
    $("mute").setAttribute("aria-pressed", muted);
    $("mute-icon").setAttribute("href", muted ? "#i-mute" : "#i-loud");
  }
}

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if ($("screen").requestFullscreen) $("screen").requestFullscreen();
  else $("video").webkitEnterFullscreen?.(); // a phone that lets only videos fill the screen
}
