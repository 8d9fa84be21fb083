// SPDX-License-Identifier: Apache-2.0
// The WebSocket of a session: speech up (16-bit PCM, one channel), events down. Opens again by itself after a loss; what
// is sent meanwhile is dropped, for late speech is worse than none.
//
//   const socket = new SpeechSocket(id);
//   socket.onevent = (event) => ...        {"type": "started" | "finished" | "emotion" | "error", ...}
//   socket.onlost = () => ...              each time that it was lost or could not be opened
//   socket.setRate(48000);                 of what will be sent, Hz
//   socket.send(pcm); socket.end();        an utterance; interrupt() stops what is being said
import { openSpeechSocket } from "./api.js";
import { backoff } from "./backoff.js";

export class SpeechSocket {
  onevent = () => {};
  onlost = () => {};
  #id;
  #rate = 0;
  #socket = null;
  #timer = 0;
  #attempt = 0;
  #closed = false;

  constructor(id) {
    this.#id = id;
    this.#open();
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  setRate(rate) {
    this.#rate = rate;
    this.#tell({ sample_rate: rate, channels: 1 });
  }

  /** @param {ArrayBuffer} pcm s16le */
  send(pcm) {
    if (this.isOpen) this.#socket.send(pcm);
  }

  end() {
    this.#tell({ type: "end" });
  }

  interrupt() {
    this.#tell({ type: "interrupt" });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #tell(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  #open() {
    const socket = openSpeechSocket(this.#id);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      if (this.#rate) this.setRate(this.#rate);
    };
    socket.onmessage = ({ data }) => {
      if (!this.#closed && typeof data === "string") this.onevent(JSON.parse(data));
    };
    socket.onclose = () => {
      if (this.#closed) return;
      this.#timer = setTimeout(() => this.#open(), backoff(this.#attempt++));
      this.onlost();
    };
  }
}
