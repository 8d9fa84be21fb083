// SPDX-License-Identifier: Apache-2.0
// The microphone as utterances: while it is held, or hands-free whenever somebody speaks.
//
//   const microphone = new Microphone();
//   microphone.onopen = (rate) => ...                   once, before anything is heard; Hz
//   microphone.onbegin = microphone.onend = () => ...; microphone.onpcm = (pcm) => ...; microphone.onlevel = (level) => ...
//   await microphone.hold(); microphone.release();      throws an Error whose message says what to do
//   await microphone.setHandsFree(true);
//
// The hands-free gate opens 9 dB above the room's noise and keeps the last 100 ms, so that the first consonant is not
// lost; it shuts after 0.7 s of quiet. All by ear.
const PRE_ROLL = 5; // blocks of 20 ms
const HANG = 35;
const RISE = 2.8; // 9 dB
const FLOOR_LEAST = 0.004; // -48 dBFS

export class Microphone {
  onopen = () => {};
  onbegin = () => {};
  onend = () => {};
  onpcm = () => {};
  onlevel = () => {};
  #context = null;
  #opening = null;
  #stream = null;
  #held = false;
  #handsFree = false;
  #talking = false;
  #floor = FLOOR_LEAST;
  #quiet = 0; // blocks since somebody was last heard
  #recent = [];

  async hold() {
    this.#held = true;
    try {
      await this.#open();
    } catch (error) {
      this.#held = false;
      throw error;
    }
  }

  release() {
    this.#held = false;
    if (!this.#handsFree) this.#stop();
  }

  async setHandsFree(on) {
    if (on) await this.#open();
    this.#handsFree = on;
    if (!on) this.#stop();
  }

  /** Ends the present utterance, as after an interruption. */
  cut() {
    this.#stop();
    this.#held = false;
    this.#quiet = HANG;
  }

  close() {
    this.#held = this.#handsFree = false;
    this.#stop();
    this.#opening = null;
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
    this.#stream = this.#context = null;
  }

  #open() {
    this.#opening ??= this.#start().catch((error) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #start() {
    if (!navigator.mediaDevices) throw new Error("A browser gives the microphone only to https and localhost.");
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      throw new Error(
        error.name === "NotAllowedError"
          ? "The browser blocks the microphone. Allow it beside the address, then try again."
          : "No microphone was found.",
      );
    }
    if (!this.#opening) this.close(); // closed while the browser asked
    if (!this.#stream) throw new Error("The microphone is closed.");
    const context = new AudioContext();
    this.#context = context;
    await context.audioWorklet.addModule("microphone_worklet.js");
    this.onopen(context.sampleRate);
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    tap.port.onmessage = ({ data }) => this.#heard(data);
    context.createMediaStreamSource(this.#stream).connect(tap);
  }

  #heard({ pcm, level }) {
    this.onlevel(this.#held || this.#handsFree ? level : 0);
    const loud = level > RISE * this.#floor;
    this.#floor = Math.max(FLOOR_LEAST, this.#floor * (loud ? 1.002 : 1) * (level < this.#floor ? 0.95 : 1));
    this.#quiet = loud ? 0 : this.#quiet + 1;
    const wanted = this.#held || (this.#handsFree && (this.#talking ? this.#quiet < HANG : loud));
    if (wanted && !this.#talking) {
      this.#talking = true;
      this.onbegin();
      if (!this.#held) this.#recent.forEach((block) => this.onpcm(block));
    }
    if (wanted) this.onpcm(pcm);
    else this.#stop();
    this.#recent.push(pcm);
    if (this.#recent.length > PRE_ROLL) this.#recent.shift();
  }

  #stop() {
    if (!this.#talking) return;
    this.#talking = false;
    this.onend();
  }
}
