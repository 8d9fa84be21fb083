// SPDX-License-Identifier: Apache-2.0
// What a viewer waits for, measured in Chromium against the real server on the same machine:
//
//   npm ci --ignore-scripts --prefix tests/browser
//   AVATAR_WORKER=build/release/avatar-worker node bench/live_bench.mjs
//
// Start: exec to the first 200 of /ready. Launch: from the POST of a session to the first decoded picture. Speech: from
// the first byte into the WebSocket to the first picture in which the mouth has moved (its pixels change by far more
// than they did before; the head is kept still for that), said as a synthesiser does, much at once, and as a microphone
// does, 20 ms every 20 ms. Interrupt: from the POST, or the word over the WebSocket that speaks, to sound that is silent,
// and stays so, where the track delivers it to whoever plays it, and as heard by WebAudio, which has a queue of its own.
// Each figure is checked to have been seen every time; a miss ends the run.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import { launch } from "../tests/page/browser.mjs";
import { portrait, startWorker } from "../tests/page/worker.mjs";

const STARTS = 10, LAUNCHES = 10, WORDS = 30;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const sorted = (values) => [...values].sort((a, b) => a - b);
const at = (values, share) => sorted(values)[Math.min(values.length - 1, Math.floor(share * values.length))];
const report = (name, values) =>
  console.log(`${name.padEnd(50)} median ${at(values, 0.5).toFixed(0).padStart(5)} ms   p95 ${at(values, 0.95).toFixed(0).padStart(5)} ms   (${values.length})`);

const isReady = (port) =>
  new Promise((done) => {
    const request = http.get({ port, host: "127.0.0.1", path: "/ready" }, (answer) => {
      answer.resume();
      done(answer.statusCode === 200);
    });
    request.on("error", () => done(false));
  });

async function start(port, cache) {
  const begin = performance.now();
  const child = spawn(process.env.AVATAR_WORKER, ["serve"], {
    env: { ...process.env, HOST: "127.0.0.1", PORT: String(port), AVATAR_CACHE_DIR: cache, LOG_LEVEL: "off", PRESET_AVATARS_DIR: "" },
    stdio: "ignore",
  });
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error("the server did not start");
    await sleep(2);
  }
  const took = performance.now() - begin;
  await sleep(600); // the rest of its start
  const exited = new Promise((done) => child.on("exit", done));
  child.kill("SIGTERM");
  await exited;
  return took;
}

// Runs in the page.
const kit = () => {
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const video = document.createElement("video");
  video.autoplay = true;
  document.body.replaceChildren(video);
  const state = { peer: null, session: null, socket: null, level: 0 };

  window.begin = async (picture, wish = {}) => {
    const start = performance.now();
    let body = JSON.stringify(wish), headers = { "Content-Type": "application/json" };
    if (picture) {
      body = new FormData();
      body.append("avatar_image", new Blob([Uint8Array.from(atob(picture), (c) => c.charCodeAt(0))], { type: "image/png" }), "a.png");
      headers = {};
    }
    // The offer is made while the session is.
    const peer = new RTCPeerConnection();
    state.peer = peer;
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    const stream = new MediaStream();
    peer.ontrack = (event) => {
      stream.addTrack(event.track);
      video.srcObject = stream;
    };
    const first = new Promise((done) => video.requestVideoFrameCallback((now) => done(now)));
    const [answer] = await Promise.all([fetch("/sessions", { method: "POST", body, headers }), peer.createOffer().then((offer) => peer.setLocalDescription(offer))]);
    state.session = (await answer.json()).session_id;
    const whep = await fetch(`/sessions/${state.session}/whep`, { method: "POST", body: peer.localDescription.sdp, headers: { "Content-Type": "application/sdp" } });
    await peer.setRemoteDescription({ type: "answer", sdp: await whep.text() });
    await first;
    const took = performance.now() - start;
    state.stream = stream;
    return took;
  };
  window.end = async () => {
    state.socket?.close();
    state.peer.close();
    await state.audio?.close();
    state.audio = null;
    await fetch(`/sessions/${state.session}`, { method: "DELETE" });
  };
  // When each block of sound came, and how loud it was: of the last seconds.
  const readLevels = async (reader) => {
    state.levels = [];
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const block = new Float32Array(value.numberOfFrames);
      value.copyTo(block, { planeIndex: 0, format: "f32-planar" });
      value.close();
      state.levels.push({ at: performance.now(), level: Math.sqrt(block.reduce((sum, v) => sum + v * v, 0) / block.length) });
      if (state.levels.length > 500) state.levels.shift();
    }
  };
  const silentAtTrack = (stop) => {
    const loud = Math.max(...state.levels.filter(({ at }) => at < stop && at > stop - 200).map(({ level }) => level));
    const quiet = ({ level }) => level < 0.05 * loud;
    const first = state.levels.findIndex(({ at }, i, all) => at > stop && all.slice(i, i + 8).every(quiet));
    return first < 0 ? 0 : state.levels[first].at - stop;
  };
  window.listen = async () => {
    state.audio = new AudioContext({ latencyHint: 0 });
    const analyser = state.audio.createAnalyser();
    analyser.fftSize = 256;
    state.audio.createMediaStreamSource(state.stream).connect(analyser);
    state.analyser = analyser;
    const track = state.stream.getAudioTracks()[0].clone();
    readLevels(new MediaStreamTrackProcessor({ track }).readable.getReader());
    const socket = new WebSocket(`/sessions/${state.session}/speech`.replace(/^/, location.origin.replace("http", "ws")));
    socket.binaryType = "arraybuffer";
    await new Promise((done) => (socket.onopen = done));
    socket.send(JSON.stringify({ sample_rate: 16000, channels: 1 }));
    state.socket = socket;
  };
  // A sound that opens the mouth wide: a pulse train through the formants of "ah" (700, 1200, 2600 Hz).
  const vowel = (seconds) => {
    const n = Math.round(seconds * 16000), out = new Int16Array(n);
    const poles = [[700, 80], [1200, 100], [2600, 150]].map(([f, b]) => {
      const r = Math.exp((-Math.PI * b) / 16000);
      return { a: 2 * r * Math.cos((2 * Math.PI * f) / 16000), b: -r * r, y1: 0, y2: 0 };
    });
    for (let i = 0; i < n; i++) {
      let x = i % 133 === 0 ? 1 : 0;
      for (const p of poles) {
        const y = x + p.a * p.y1 + p.b * p.y2;
        p.y2 = p.y1;
        p.y1 = y;
        x = y;
      }
      out[i] = Math.max(-32768, Math.min(32767, x * 900));
    }
    return out;
  };
  const canvas = document.createElement("canvas");
  canvas.width = 48;
  canvas.height = 24;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const mouth = () => {
    const { videoWidth: w, videoHeight: h } = video;
    paint.drawImage(video, w * 0.42, h * 0.56, w * 0.18, h * 0.13, 0, 0, 48, 24);
    const { data } = paint.getImageData(0, 0, 48, 24);
    const grey = new Float32Array(48 * 24);
    for (let i = 0; i < grey.length; i++) grey[i] = 0.3 * data[4 * i] + 0.6 * data[4 * i + 1] + 0.1 * data[4 * i + 2];
    return grey;
  };
  const distance = (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
    return sum / a.length;
  };
  const picture = () => new Promise((done) => video.requestVideoFrameCallback((now, data) => done({ now, data })));

  // Milliseconds from the first byte to the moved mouth, and from an interruption to silence.
  window.word = async (at_once, by_post) => {
    // Half a second before: how much neighbouring pictures differ by themselves.
    let last = mouth(), calm = 0;
    for (let i = 0; i < 12; i++) {
      await picture();
      const now = mouth();
      calm = Math.max(calm, distance(now, last));
      last = now;
    }
    await sleep(Math.random() * 40);
    const start = performance.now();
    const sound = vowel(1.5);
    let stop = 0;
    const speak = async () => {
      for (let i = 0; i < sound.length; i += 320) {
        const wait = at_once ? 0 : start + i / 16 - performance.now();
        if (wait > 0) await sleep(wait);
        if (stop) break;
        state.socket.send(sound.slice(i, i + 320));
      }
      state.socket.send(JSON.stringify({ type: "end" }));
    };
    const spoken = speak();
    let moved = 0;
    while (performance.now() - start < 1000) {
      const { now } = await picture();
      const seen = mouth();
      if (distance(seen, last) > Math.max(3 * calm, 0.7)) {
        moved = now - start;
        break;
      }
      last = seen;
    }
    await sleep(400);
    const block = new Float32Array(256);
    const level = () => {
      state.analyser.getFloatTimeDomainData(block);
      return Math.sqrt(block.reduce((sum, v) => sum + v * v, 0) / block.length);
    };
    let loud = 0;
    for (let i = 0; i < 20; i++) {
      loud = Math.max(loud, level());
      await sleep(4);
    }
    stop = performance.now();
    if (by_post) fetch(`/sessions/${state.session}/interrupt`, { method: "POST" });
    else state.socket.send(JSON.stringify({ type: "interrupt" }));
    let silent = 0, since = 0;
    while (performance.now() - stop < 1000) {
      if (level() > loud * 0.05) since = 0;
      else if (!since) since = performance.now();
      else if (performance.now() - since > 60) {
        silent = since - stop;
        break;
      }
      await sleep(1);
    }
    await spoken;
    await sleep(600);
    return { moved, silent, silentTrack: silentAtTrack(stop), loud, calm };
  };
};

const port = 18_000 + (process.pid % 1000);
const starts = [];
for (let i = 0; i < STARTS; i++) starts.push(await start(port, ""));
report("process start -> /ready", starts);

const worker = await startWorker();
const browser = await launch();
const context = await browser.newContext();
const page = await context.newPage();
await page.goto(worker.url + "health"); // of the server, without its page
await page.evaluate(kit);
await sleep(1000);

const preset = [], fresh = [];
const picture = readFileSync(portrait).toString("base64");
for (let i = 0; i < LAUNCHES; i++) {
  preset.push(await page.evaluate(() => window.begin()));
  await page.evaluate(() => window.end());
  fresh.push(await page.evaluate((bytes) => window.begin(bytes), picture));
  await page.evaluate(() => window.end());
}
report("launch -> first picture, preset", preset);
report("launch -> first picture, new picture", fresh);

await page.evaluate(() => window.begin(null, { motion_scale: 0 })); // only lips and lids move
await sleep(4000); // the browser's buffers have settled
await page.evaluate(() => window.listen());
const synthesised = [], spoken = [], silent = [], silentByPost = [], silentByWord = [];
for (let i = 0; i < 2 * WORDS; i++) {
  const at_once = i % 2 === 0, by_post = i % 4 < 2;
  const word = await page.evaluate(([at_once, by_post]) => window.word(at_once, by_post), [at_once, by_post]);
  if (!word.moved || !word.silent || !word.silentTrack) throw new Error(`not seen: ${JSON.stringify(word)}`);
  (at_once ? synthesised : spoken).push(word.moved);
  silent.push(word.silent);
  (by_post ? silentByPost : silentByWord).push(word.silentTrack);
}
report("first byte of speech -> moved mouth, synthesised", synthesised);
report("first byte of speech -> moved mouth, microphone", spoken);
report("interrupt by POST -> silence at the track", silentByPost);
report("interrupt by WebSocket -> silence at the track", silentByWord);
report("interrupt -> silence in WebAudio", silent);
await page.evaluate(() => window.end());
await browser.close();
await worker.stop();
