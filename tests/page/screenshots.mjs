// SPDX-License-Identifier: Apache-2.0
// Takes the pictures of the page for the documents: docs/images/page-light.png and page-dark.png.
//
//   AVATAR_WORKER=... PRESET_AVATARS_DIR=<folder> node tests/page/screenshots.mjs [ID]
//
// ID names the preset to show; without it, and without a folder, it is the built-in portrait. Made smaller by ImageMagick.
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { card, launch, live, phone, speaking, visit } from "./browser.mjs";
import { recording, root, startWorker } from "./worker.mjs";

const LOUD_MS = 2150; // into the recording: a wide vowel
const MOST_BYTES = 400_000;

const browser = await launch();
const { PRESET_AVATARS_DIR } = process.env;
const worker = await startWorker(PRESET_AVATARS_DIR ? { PRESET_AVATARS_DIR } : {});
const views = {
  light: { viewport: { width: 1280, height: 960 }, colorScheme: "light" },
  dark: { ...phone, colorScheme: "dark" },
};
for (const [name, options] of Object.entries(views)) {
  const { page, leave } = await visit(browser, worker, options);
  await card(page, process.argv[2] ?? "Built-in").click();
  await live(page);
  await page.waitForTimeout(3000); // the bitrate has found its level
  await page.locator("#sound-file").setInputFiles(recording);
  await speaking(page, true);
  if (name === "light") await page.getByText("Figures").click();
  await page.waitForTimeout(LOUD_MS);
  const file = join(root, `docs/images/page-${name}.png`);
  await page.screenshot({ path: file });
  execFileSync("convert", [file, "-strip", "-dither", "FloydSteinberg", "-colors", "255", "-define", "png:compression-level=9", file]);
  const { size } = statSync(file);
  console.log(file, size, size > MOST_BYTES ? "TOO LARGE" : "");
  await leave();
}
await worker.stop();
await browser.close();
