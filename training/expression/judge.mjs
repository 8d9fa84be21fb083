// SPDX-License-Identifier: Apache-2.0
// Does a network that names expressions see the mood that was asked for? Renders each picture in each of the seven
// moods, takes three pictures of each while it speaks, has them judged, and prints who was taken for what.
//
//   node judge.mjs --worker avatar-worker --speech say.wav --pictures FOLDER [--only a,b,c] [--intensity 1]
//                  [--at 0.84,1.76,2.8] [--sheet sheet.png] [--json judged.json]
//
// --only: names of files in FOLDER, without their ends (default: all). --at: seconds. --sheet: the middle one of the
// three pictures, a row for each person. Nothing here needs a network connection once `npm ci` has run.
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {parseArgs} from 'node:util';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const {PNG} = require('pngjs');

const kMoods = ['neutral', 'happy', 'sad', 'angry', 'fear', 'disgust', 'surprise'];
const kNamedByNetwork = ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'];

const {values: options} = parseArgs({
  options: {
    worker: {type: 'string', default: 'avatar-worker'},
    speech: {type: 'string'},
    pictures: {type: 'string'},
    only: {type: 'string'},
    intensity: {type: 'string', default: '1'},
    at: {type: 'string', default: '0.84,1.76,2.8'},
    sheet: {type: 'string'},
    json: {type: 'string'},
  },
});
if (!options.speech || !options.pictures) {
  console.error('usage: node judge.mjs --worker PROGRAM --speech FILE --pictures FOLDER');
  process.exit(2);
}

// The frames at `seconds` of one render, as {width, height, rgb}.
function frames(picture, mood, seconds) {
  const run = spawnSync(options.worker,
      ['render', '--picture', picture, '--speech', options.speech, '--emotion', `${mood}:${options.intensity}`,
        '--fps', '25', '--y4m', '-'],
      {maxBuffer: 2 ** 31 - 1, stdio: ['ignore', 'pipe', 'pipe']});
  if (run.status !== 0) throw new Error(`${picture}, ${mood}: ${run.stderr}`);
  const all = run.stdout;
  const first = all.indexOf(10) + 1;
  const header = all.toString('latin1', 0, first);
  const width = Number(/ W(\d+)/.exec(header)[1]), height = Number(/ H(\d+)/.exec(header)[1]);
  const head = 'FRAME\n'.length, size = width * height * 3 / 2;
  return seconds.map((s) => {
    const at = first + Math.round(s * 25) * (head + size) + head;
    if (at + size > all.length) throw new Error(`the speech is shorter than ${s} s`);
    return to_rgb(all.subarray(at, at + size), width, height);
  });
}

// BT.601, limited range.
function to_rgb(i420, width, height) {
  const rgb = new Uint8ClampedArray(width * height * 3);
  const u0 = width * height, v0 = u0 + u0 / 4;
  for (let y = 0, to = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x, to += 3) {
      const c = (y >> 1) * (width >> 1) + (x >> 1);
      const l = 1.164 * (i420[y * width + x] - 16), u = i420[u0 + c] - 128, v = i420[v0 + c] - 128;
      rgb[to] = l + 1.596 * v;
      rgb[to + 1] = l - 0.392 * u - 0.813 * v;
      rgb[to + 2] = l + 2.017 * u;
    }
  }
  return {width, height, rgb};
}

async function load_judge() {
  wasm.setWasmPaths(path.join(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'));
  await tf.setBackend('wasm');
  await tf.ready();
  const weights = path.join(path.dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
  const {tinyFaceDetector, ssdMobilenetv1, faceLandmark68Net, faceExpressionNet} = faceapi.nets;
  for (const net of [tinyFaceDetector, ssdMobilenetv1, faceLandmark68Net, faceExpressionNet]) {
    await net.loadFromDisk(weights);
  }
}

// {seen: probability of each mood, box}, or null where no face is found.
async function judge({width, height, rgb}) {
  const image = tf.tensor3d(rgb, [height, width, 3], 'int32');
  try {
    for (const how of [new faceapi.TinyFaceDetectorOptions({inputSize: 320, scoreThreshold: 0.3}),
      new faceapi.SsdMobilenetv1Options({minConfidence: 0.2})]) {
      const found = await faceapi.detectSingleFace(image, how).withFaceLandmarks().withFaceExpressions();
      if (found) return {seen: kNamedByNetwork.map((name) => found.expressions[name]), box: found.detection.box};
    }
    return null;
  } finally {
    image.dispose();
  }
}

const mean = (rows) => rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
const strongest = (row) => row.indexOf(Math.max(...row));

function table(title, cell) {
  console.log(`\n${title}\n\n| asked | ${kMoods.join(' | ')} |\n| --- |${' --- |'.repeat(kMoods.length)}`);
  for (const asked of kMoods) console.log(`| ${asked} | ${cell(asked).join(' | ')} |`);
}

// A square round the face, kTile pixels a side.
const kTile = 150;
function tile(frame, box) {
  const side = 1.35 * Math.max(box.width, box.height);
  const x0 = box.x + box.width / 2 - side / 2, y0 = box.y + 0.46 * box.height - side / 2, each = side / kTile;
  const out = new Uint8Array(kTile * kTile * 3);
  const inside = (value, end) => Math.min(end - 1, Math.max(0, Math.floor(value)));
  const taps = Math.max(1, Math.round(each));
  for (let j = 0; j < kTile; ++j) {
    for (let i = 0; i < kTile; ++i) {
      for (let c = 0; c < 3; ++c) {
        let sum = 0;
        for (let b = 0; b < taps; ++b) {
          for (let a = 0; a < taps; ++a) {
            const x = inside(x0 + (i + (a + 0.5) / taps) * each, frame.width),
                y = inside(y0 + (j + (b + 0.5) / taps) * each, frame.height);
            sum += frame.rgb[(y * frame.width + x) * 3 + c];
          }
        }
        out[(j * kTile + i) * 3 + c] = sum / taps ** 2;
      }
    }
  }
  return out;
}

function write_sheet(file, rows) {
  const png = new PNG({width: kTile * kMoods.length, height: kTile * rows.length, colorType: 2});
  rows.forEach((row, r) => row.forEach((rgb, column) => {
    for (let j = 0; j < kTile; ++j) {
      for (let i = 0; i < kTile; ++i) {
        const to = ((r * kTile + j) * png.width + column * kTile + i) * 4, from = (j * kTile + i) * 3;
        for (let c = 0; c < 3; ++c) png.data[to + c] = rgb[from + c];
        png.data[to + 3] = 255;
      }
    }
  }));
  fs.writeFileSync(file, PNG.sync.write(png, {colorType: 2}));
}

await load_judge();
const only = options.only?.split(',');
const pictures = fs.readdirSync(options.pictures).filter((f) => /\.(jpe?g|png|webp)$/i.test(f))
    .filter((f) => !only || only.includes(path.parse(f).name));
const seconds = options.at.split(',').map(Number);
const people = {};  // name -> mood -> mean probabilities
const rows = [];
for (const file of pictures) {
  const name = path.parse(file).name, row = [];
  const seen = {};
  for (const mood of kMoods) {
    const shown = frames(path.join(options.pictures, file), mood, seconds);
    const judged = [];
    for (const frame of shown) judged.push(await judge(frame));
    const found = judged.filter((j) => j);
    if (found.length === 0) {
      console.error(`${name}, ${mood}: no face found`);
      continue;
    }
    seen[mood] = mean(found.map((j) => j.seen));
    row.push(tile(shown[1], (judged[1] ?? found[0]).box));
  }
  if (Object.keys(seen).length < kMoods.length) continue;
  people[name] = seen;
  rows.push(row);
  console.error(`${name}: ${kMoods.map((m) => `${m} -> ${kMoods[strongest(seen[m])]}`).join(', ')}`);
}
if (rows.length === 0) process.exit(1);
if (options.sheet) write_sheet(options.sheet, rows);
if (options.json) fs.writeFileSync(options.json, JSON.stringify(people, null, 1));

const all = Object.values(people);
const gain = (seen, asked) => seen[asked].map((p, i) => p - seen.neutral[i]);
const count = (asked, pick) => kMoods.map((_, i) => all.filter((seen) => strongest(pick(seen, asked)) === i).length);
table(`${all.length} people, mean of ${seconds.length} pictures each: who is taken for what`,
    (asked) => count(asked, (seen, mood) => seen[mood]));
table('Mean probability', (asked) => mean(all.map((seen) => seen[asked])).map((p) => p.toFixed(2)));
table('Against the same person asked to be neutral: mean gain of probability',
    (asked) => mean(all.map((seen) => gain(seen, asked))).map((p) => p.toFixed(2)));
table('Against the same person asked to be neutral: what gained most', (asked) => count(asked, gain));
