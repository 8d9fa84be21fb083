// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium with a made-up microphone, and what the tests ask of a page.
import { createRequire } from "node:module";

// The packages of tests/browser serve here, too.
const { chromium } = createRequire(new URL("../browser/package.json", import.meta.url))("playwright-core");

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

/** The user's data lie in a new temporary folder, which goes with the browser. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: ARGUMENTS });

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const desktop = { viewport: { width: 1280, height: 800 } };

/**
 * A page of its own that has loaded the server's page. `faults` gathers what must not happen: errors of scripts, broken
 * content policy, requests to anywhere but the server.
 */
export async function visit(browser, worker, options = desktop, path = "") {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.stack));
  page.on("console", (message) => /Content Security Policy|Refused to/.test(message.text()) && faults.push(message.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(worker.url) && !url.startsWith(`blob:${worker.url}`)) faults.push(`asked for ${url}`);
  });
  await page.goto(worker.url + path);
  return { page, faults, leave: () => context.close() };
}

export const card = (page, name) => page.locator(".card", { hasText: name });
export const live = (page) => page.waitForSelector('#screen[data-state="live"]');
export const speaking = (page, on) => page.waitForSelector(`#screen[data-speaking="${on}"]`);

/** Number of pictures that the video has shown so far. */
export const pictures = (page) => page.evaluate(() => document.getElementById("video").getVideoPlaybackQuality().totalVideoFrames);

/** The ratio of contrast (WCAG 2.2, 1.4.3) of every visible text against what lies behind it, where that is one colour. */
export const contrasts = (page) =>
  page.evaluate(() => {
    const painter = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
      painter.clearRect(0, 0, 1, 1);
      painter.fillStyle = colour;
      painter.fillRect(0, 0, 1, 1);
      return [...painter.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (colour) => {
      const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const colour = rgba(getComputedStyle(e).backgroundColor);
        if (colour[3] > 250) return colour;
        if (colour[3] > 0) return null; // over a picture
      }
      return [255, 255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
      const ownText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!ownText || !element.checkVisibility() || element.closest(":disabled, option, .visually-hidden, noscript")) continue;
      const back = behind(element);
      if (!back) continue;
      const [a, b] = [luminance(rgba(getComputedStyle(element).color)), luminance(back)].sort((x, y) => y - x);
      found.push({ text: element.textContent.trim().slice(0, 40), ratio: (a + 0.05) / (b + 0.05) });
    }
    return found;
  });
