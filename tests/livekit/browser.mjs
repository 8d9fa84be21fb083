// SPDX-License-Identifier: Apache-2.0
// A page in headless Chromium for a Python test (browser.py): one JSON object a line comes in, one goes out.
//
//   {"goto": URL}                 answers when the page is loaded
//   {"run": JAVASCRIPT}           answers the value of the expression, awaited
//   {"type": TEXT, "into": CSS}   types, and presses Enter
//   {"click": CSS}
//   {"picture": PATH}             a picture of the page, as PNG
//
// GET / and /livekit-client.js of a server of its own on the loopback are viewer.html and the client it needs; its
// address is the first line out. CHROMIUM names another browser.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { chromium } = createRequire(new URL("../browser/package.json", import.meta.url))("playwright-core");
const CLIENT = "../../examples/livekit/node_modules/livekit-client/dist/livekit-client.umd.js";
const FILES = { "/": ["viewer.html", "text/html"], "/livekit-client.js": [CLIENT, "text/javascript"] };

const server = createServer((request, response) => {
  const [path, type] = FILES[request.url] ?? [];
  response.writeHead(path ? 200 : 404, { "Content-Type": type ?? "text/plain" });
  response.end(path && readFileSync(new URL(path, import.meta.url)));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
         // Nothing is asked of the network: no names, not even by mDNS for addresses of its own.
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
         "--disable-features=WebRtcHideLocalIpsWithMdns"],
});
const page = await browser.newPage({ viewport: { width: 640, height: 800 } });
page.setDefaultTimeout(30_000);
const faults = [];
page.on("pageerror", (error) => faults.push(error.stack));

const commands = {
  goto: ({ goto }) => page.goto(goto),
  run: ({ run }) => page.evaluate(run),
  type: async ({ type, into }) => {
    await page.fill(into, type);
    await page.press(into, "Enter");
  },
  click: ({ click }) => page.click(click),
  picture: ({ picture }) => page.screenshot({ path: picture }),
};
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
say({ value: `http://127.0.0.1:${server.address().port}/` });
for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line);
  const [name] = Object.keys(command).filter((key) => key in commands);
  try {
    const value = await commands[name](command);
    if (faults.length) throw new Error(faults.splice(0).join("\n"));
    say({ value: name === "run" ? value ?? null : null });
  } catch (error) {
    say({ error: String(error.stack) });
  }
}
await browser.close();
server.close();
