// SPDX-License-Identifier: Apache-2.0
// The figures of the details panel: what the browser measures once a second, and the moments that the stage reports.
const byId = (name) => document.getElementById(`f-${name}`);
const put = (name, value, unit) => (byId(name).textContent = value === undefined ? "–" : `${value} ${unit}`.trim());
const ms = (seconds) => (seconds === undefined ? undefined : Math.round(seconds * 1000));

export class Figures {
  #viewer;
  #timer;
  #last = null; // bytes and time of the previous reading

  /** @param {{stats(): Promise<RTCStatsReport | null>}} viewer */
  constructor(viewer) {
    this.#viewer = viewer;
    document.querySelectorAll(".figures dd").forEach((figure) => (figure.textContent = "–"));
    this.#timer = setInterval(() => this.#read(), 1000);
  }

  /** Milliseconds from the first byte of speech to the server's "started". */
  answered(milliseconds) {
    put("answer", Math.round(milliseconds), "ms");
  }

  /** Milliseconds from the interruption to the server's "finished". */
  interrupted(milliseconds) {
    put("interrupt", Math.round(milliseconds), "ms");
  }

  /** Milliseconds from the click on the card to the first picture. */
  firstPicture(milliseconds) {
    put("first", Math.round(milliseconds), "ms");
  }

  close() {
    clearInterval(this.#timer);
  }

  async #read() {
    const report = await this.#viewer.stats();
    if (!report) return;
    const all = [...report.values()];
    const video = all.find((s) => s.type === "inbound-rtp" && s.kind === "video");
    const audio = all.find((s) => s.type === "inbound-rtp" && s.kind === "audio");
    const pair = all.find((s) => s.type === "candidate-pair" && s.nominated && s.state === "succeeded");
    put("trip", ms(pair?.currentRoundTripTime), "ms");
    if (!video) return;
    put("fps", video.framesPerSecond, "");
    put("jitter", ms(video.jitter), "ms");
    put("lost", video.packetsLost + (audio?.packetsLost ?? 0), "");
    const codec = report.get(video.codecId)?.mimeType.replace("video/", "") ?? "";
    if (video.frameWidth) put("video", `${codec} ${video.frameWidth} × ${video.frameHeight}`, "");
    const bytes = video.bytesReceived + (audio?.bytesReceived ?? 0);
    if (this.#last) {
      const rate = (bytes - this.#last.bytes) / (video.timestamp - this.#last.time); // bytes a millisecond
      put("rate", Math.round(rate * 8), "kbit/s");
    }
    this.#last = { bytes, time: video.timestamp };
  }
}
