// SPDX-License-Identifier: Apache-2.0
// Headless Chromium watches whep_server over loopback. WHEP_SERVER names the program; CHROMIUM the browser.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const seconds = (n) => new Promise((done) => setTimeout(done, n * 1000));
const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

let server, url, folder, browser;

before(async () => {
  server = spawn(process.env.WHEP_SERVER, [path.join(here, 'page.html')], {stdio: ['pipe', 'pipe', 'inherit']});
  url = await new Promise((done) => createInterface(server.stdout).once('line', done));
  folder = await mkdtemp(path.join(tmpdir(), 'whep-'));
  browser = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
           '--disable-features=WebRtcHideLocalIpsWithMdns', '--allow-loopback-in-peer-connection'],
  });
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, {recursive: true, force: true});
  const ended = new Promise((done) => server.once('exit', done));
  server.stdin.end();
  assert.equal(await ended, 0);
});

async function watch(codec, t) {
  const page = await browser.newPage();
  t.after(async () => {
    if (page.isClosed()) return;
    await page.evaluate(() => window.leave()).catch(() => {});
    await page.close();
  });
  await page.goto(url);
  await page.evaluate((c) => window.watch(c), codec);
  await page.waitForFunction(async () => (await window.stats()).firstPictureMs !== null, null, {timeout: 15000});
  return page;
}
const figures = async () => (await fetch(`${url}figures`)).json();

for (const codec of ['VP8', 'H264']) {
  test(`${codec} plays at 25 pictures a second, with sound in step`, async (t) => {
    const page = await watch(codec, t);
    await seconds(10);  // until the browser's buffers have settled
    const from = await page.evaluate(() => window.stats());
    // What the browser itself believes: when it plays what was captured when, sound against picture.
    const playouts = [];
    let to;
    for (let i = 0; i < 10; i++) {
      await seconds(1);
      to = await page.evaluate(() => window.stats());
      playouts.push(to.audio.estimatedPlayoutTimestamp - to.video.estimatedPlayoutTimestamp);
    }
    const fps = (to.video.framesDecoded - from.video.framesDecoded) / ((to.video.timestamp - from.video.timestamp) / 1000);
    assert.ok(to.codecs.includes(`video/${codec}`));
    // Of each flash since then, the beep nearest to it.
    const offsets = to.flashes.slice(from.flashes.length, -1)
        .map((flash) => Math.min(...to.beeps.map((beep) => beep - flash).filter((d) => Math.abs(d) < 500)
            .sort((a, b) => Math.abs(a) - Math.abs(b)).slice(0, 1)));
    const offset = middle(offsets);
    const playout = middle(playouts);
    console.log(`${codec}: ${fps.toFixed(2)} fps, first picture ${to.firstPictureMs.toFixed(0)} ms, beep after flash ` +
                `${offset.toFixed(1)} ms (${offsets.map((o) => o.toFixed(0)).join(' ')}), sound before picture by the ` +
                `browser\'s own clock ${playout.toFixed(1)} ms (${playouts.map((p) => p.toFixed(0)).join(' ')}), concealed ${to.audio.concealedSamples - from.audio.concealedSamples}, ` +
                `freezes ${to.video.freezeCount}, level ${to.audio.audioLevel?.toFixed(3)}`);
    assert.ok(fps > 24 && fps < 26, `${fps} fps`);
    assert.equal(to.video.freezeCount - from.video.freezeCount, 0);
    assert.ok(to.audio.totalAudioEnergy > from.audio.totalAudioEnergy, 'sound is there');
    assert.ok(offsets.length >= 8);
    assert.ok(Math.abs(offset) < 45, `beep ${offset} ms after the flash`);
    await page.evaluate(() => window.leave());
    assert.equal((await figures()).viewers, 0);
  });
}

test('two viewers share one encoder', async (t) => {
  await watch('VP8', t);
  await watch('VP8', t);
  const from = await figures();
  await seconds(2);
  const to = await figures();
  assert.equal(to.watching, 2);
  assert.ok(to.pictures - from.pictures <= 55, `${to.pictures - from.pictures} pictures in two seconds`);
});

test('a viewer whose page is killed is forgotten, and may come again', async (t) => {
  const page = await watch('H264', t);
  await page.close();
  for (let i = 0; i < 12 && (await figures()).viewers > 0; i++) await seconds(1);
  assert.equal((await figures()).viewers, 0);
  await watch('H264', t);
});
