// SPDX-License-Identifier: Apache-2.0
// Cuts the microphone's sound into blocks of 20 ms: {pcm: s16le in an ArrayBuffer, level: root mean square, 0..1}.
const BLOCKS_A_SECOND = 50;

class Tap extends AudioWorkletProcessor {
  #block = new Int16Array(Math.round(sampleRate / BLOCKS_A_SECOND));
  #filled = 0;
  #energy = 0;

  process([[sound]]) {
    for (const sample of sound ?? []) {
      const s = Math.max(-1, Math.min(1, sample));
      this.#energy += s * s;
      this.#block[this.#filled++] = Math.round(s * 32767);
      if (this.#filled === this.#block.length) {
        const pcm = this.#block.slice().buffer;
        this.port.postMessage({ pcm, level: Math.sqrt(this.#energy / this.#filled) }, [pcm]);
        this.#filled = 0;
        this.#energy = 0;
      }
    }
    return true;
  }
}

registerProcessor("tap", Tap);
