// SPDX-License-Identifier: Apache-2.0
// The page as visitors use it, in Chromium, against the real server.
//
//   npm ci --ignore-scripts --prefix tests/browser
//   AVATAR_WORKER=build/release/avatar-worker node --test tests/page/page_test.mjs
//
// Without AVATAR_WORKER only the files themselves are looked at.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { card, contrasts, desktop, launch, live, phone, pictures, speaking, visit } from "./browser.mjs";
import { portrait, recording, root, startWorker } from "./worker.mjs";

const skip = process.env.AVATAR_WORKER ? false : "AVATAR_WORKER does not name the server's program";

/** Waits until `question()` is true; the answer's last value is in the complaint. */
async function until(question, patience = 10_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited in vain for ${question}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const sessions = async (worker) => (await worker.call("GET", "health")).json().active_workers;

/** In the page: is there a ring round what has the focus, or round a part of it? */
const ringed = () => [document.activeElement, ...document.activeElement.querySelectorAll("*")].some((e) => getComputedStyle(e).outlineStyle !== "none");

/** A plain wall: a picture without a face. */
async function wall(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(640, 480);
    const paint = canvas.getContext("2d");
    paint.fillStyle = "#9ab";
    paint.fillRect(0, 0, 640, 480);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer())];
  });
  return { name: "wall.png", mimeType: "image/png", buffer: Buffer.from(bytes) };
}

describe("the page", { skip }, () => {
  let browser;
  let worker;
  let seen = null; // the visit of the running test

  before(async () => {
    browser = await launch();
    worker = await startWorker();
  });
  after(async () => {
    await worker?.stop();
    await browser?.close();
  });
  afterEach(async () => {
    const { faults } = seen ?? { faults: [] };
    await seen?.leave();
    seen = null;
    for (const { session_id: id } of (await worker.call("GET", "sessions")).json().sessions) await worker.call("DELETE", `sessions/${id}`);
    assert.deepEqual(faults, []);
  });
  const open = async (...how) => (seen = await visit(browser, worker, ...how)).page;
  const enter = async (page, name = "Anna") => {
    await card(page, name).click();
    await live(page);
  };

  test("one click on a card shows a face that lives; a recording is spoken, interrupted, and the session ends", async () => {
    const page = await open();
    await enter(page);
    const start = await pictures(page);
    await page.waitForTimeout(2000);
    const shown = (await pictures(page)) - start;
    assert.ok(shown >= 40, `${shown} pictures in 2 s`);

    await page.locator("#sound-file").setInputFiles(recording);
    await speaking(page, true);
    await page.waitForTimeout(500);
    await page.getByRole("button", { name: "Interrupt" }).click();
    await speaking(page, false);
    await page.getByText("Interrupted.").waitFor();

    await page.getByText("Figures").click();
    for (const name of ["answer", "interrupt", "first", "trip", "jitter", "fps"]) {
      const figure = page.locator(`#f-${name}`);
      await until(async () => /\d/.test(await figure.textContent()));
    }
    assert.match(await page.locator("#f-video").textContent(), /(H264|VP8) \d+ × \d+/);

    await page.getByRole("button", { name: "End" }).click();
    await page.getByRole("heading", { name: "Choose a face" }).waitFor();
    await until(async () => (await sessions(worker)) === 0);
  });

  test("a recording that is no sound is refused in words", async () => {
    const page = await open();
    await enter(page);
    await page.locator("#sound-file").setInputFiles({ name: "noise.wav", mimeType: "audio/wav", buffer: Buffer.from("no sound at all") });
    await until(() => page.locator("#talk-words.error").isVisible());
    assert.ok((await page.locator("#talk-words").textContent()).length > 15);
  });

  test("the microphone speaks while it is held, and is silent before and after", async () => {
    const page = await open();
    await enter(page);
    const mic = page.getByRole("button", { name: "Hold to talk" });
    await mic.hover();
    assert.equal(await mic.getAttribute("aria-pressed"), "false");
    await page.mouse.down();
    await speaking(page, true);
    assert.equal(await mic.getAttribute("aria-pressed"), "true");
    await page.mouse.up();
    await speaking(page, false);
    await page.waitForTimeout(1500);
    assert.equal(await page.locator("#screen").getAttribute("data-speaking"), "false");
  });

  test("hands-free hears when somebody speaks", async () => {
    const page = await open();
    await enter(page);
    await page.getByRole("switch", { name: "Hands-free" }).click();
    await speaking(page, true); // the made-up microphone beeps every second
    await page.getByRole("switch", { name: "Hands-free" }).click();
    await speaking(page, false);
  });

  test("typed text is spoken where the server can, else the field says what to install", async () => {
    const page = await open();
    await enter(page);
    const text = page.getByRole("textbox", { name: "Text to say" });
    if ((await worker.call("GET", "health")).json().say) {
      await text.fill("Good morning.");
      await text.press("Enter");
      await speaking(page, true);
      assert.equal(await text.inputValue(), "");
    } else {
      assert.ok(await text.isDisabled());
      await page.getByText("install espeak-ng").waitFor();
    }
  });

  test("Escape interrupts", async () => {
    const page = await open();
    await enter(page);
    await page.locator("#sound-file").setInputFiles(recording);
    await speaking(page, true);
    const sounds = () => page.evaluate(() => document.getElementById("video").srcObject.getAudioTracks()[0].enabled);
    assert.equal(await sounds(), true);
    // What the browser has buffered is not heard either.
    assert.equal(await page.evaluate(() => {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
      return document.getElementById("video").srcObject.getAudioTracks()[0].enabled;
    }), false);
    await speaking(page, false);
    await page.getByText("Interrupted.").waitFor();
    await until(sounds, 500); // for what is said next
  });

  test("sound can be muted, and the picture fills the screen", async () => {
    const page = await open();
    await enter(page);
    const muted = () => page.evaluate(() => document.getElementById("video").muted);
    assert.equal(await muted(), false);
    const mute = page.getByRole("button", { name: "Mute" });
    await mute.click();
    assert.equal(await muted(), true);
    await until(async () => (await mute.getAttribute("aria-pressed")) === "true");
    await mute.click();
    assert.equal(await muted(), false);
    await page.getByRole("button", { name: "Full screen" }).click();
    await until(() => page.evaluate(() => document.fullscreenElement?.id === "screen"));
  });

  test("the visitor's own picture is shown, and lives after a click", async () => {
    const page = await open();
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), card(page, "Your own picture").click()]);
    await chooser.setFiles(portrait);
    const own = card(page, "Your picture");
    await own.locator("img[data-shown]").waitFor();
    await own.click();
    await live(page);
    await page.getByRole("heading", { name: "Your picture" }).waitFor();
  });

  test("a picture above the server's limit is sent smaller, not refused", async () => {
    const page = await open();
    await card(page, "Anna").waitFor();
    const bytes = await page.evaluate(async (data) => {
      const side = 2700;
      const canvas = new OffscreenCanvas(side, side);
      const paint = canvas.getContext("2d");
      paint.drawImage(await createImageBitmap(new Blob([new Uint8Array(data)])), 0, 0, side, side);
      const grain = paint.getImageData(0, 0, side, side); // what no file format can make small
      for (let i = 0; i < grain.data.length; i += 4) for (let c = 0; c < 3; c++) grain.data[i + c] += 32 * Math.random() - 16;
      paint.putImageData(grain, 0, 0);
      const file = new File([await canvas.convertToBlob({ type: "image/png" })], "large.png", { type: "image/png" });
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      document.getElementById("gallery").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
      return file.size;
    }, [...readFileSync(portrait)]);
    assert.ok(bytes > 10_000_000, `${bytes} bytes`);
    await enter(page, "Your picture");
  });

  test("a picture can be dropped on the gallery", async () => {
    const page = await open();
    await card(page, "Anna").waitFor();
    const bytes = [...readFileSync(portrait)];
    await page.evaluate((data) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(data)], "me.png", { type: "image/png" }));
      const section = document.getElementById("gallery");
      for (const type of ["dragenter", "dragover", "drop"]) section.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    }, bytes);
    await card(page, "Your picture").locator("img[data-shown]").waitFor();
  });

  test("a file that is no picture is refused at once, and names what would do", async () => {
    const page = await open();
    await page.locator("#picture-file").setInputFiles({ name: "letter.jpg", mimeType: "image/jpeg", buffer: Buffer.from("Dear Sir") });
    const alert = page.getByRole("alert").filter({ hasText: "letter.jpg" });
    await alert.waitFor();
    assert.match(await alert.textContent(), /JPEG, PNG or WebP/);
    assert.equal(await sessions(worker), 0);
  });

  test("a picture without a face is refused on its card, in the server's words", async () => {
    const page = await open();
    await page.locator("#picture-file").setInputFiles(await wall(page));
    await card(page, "Your picture").click();
    const alert = card(page, "Your picture").getByRole("alert");
    await until(async () => /face/i.test(await alert.textContent()));
    assert.ok(await page.getByRole("heading", { name: "Choose a face" }).isVisible());
  });

  test("a preset whose picture is broken says why and cannot be chosen", async () => {
    const page = await open();
    const broken = card(page, "Nobody");
    await broken.waitFor();
    assert.ok(await broken.isDisabled());
    assert.ok((await broken.locator(".card-note").textContent()).length > 10);
  });

  test("everything can be done with the keyboard, and the focus is seen", async () => {
    const page = await open();
    await card(page, "Anna").locator("img[data-shown]").waitFor();
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.dataset.avatar || document.activeElement.className);
    const reach = async (name) => {
      for (let i = 0; i < 40; i++) {
        if ((await focused()) === name) {
          assert.ok(await page.evaluate(ringed), name);
          return;
        }
        await page.keyboard.press("Tab");
      }
      assert.fail(`Tab does not reach ${name}`);
    };
    await page.evaluate(() => document.body.focus());
    for (const name of ["brand", "theme", "emotion", "anna", "card upload"]) await reach(name);
    await page.evaluate(() => document.activeElement.blur());
    await reach("anna");
    await page.keyboard.press("Enter");
    await live(page);
    assert.equal(await focused(), "name"); // a reader begins at the name of who is there
    await reach("end");
    await reach("mic");
    await page.keyboard.down("Space");
    await speaking(page, true);
    await page.keyboard.up("Space");
    await speaking(page, false);
    await page.evaluate(() => document.activeElement.blur());
    await reach("mute");
    await page.keyboard.press("Enter");
    assert.ok(await page.evaluate(() => document.getElementById("video").muted));
    await reach("end");
    await page.keyboard.press("Enter");
    await until(async () => (await focused()) === "anna"); // back where one was
  });

  for (const colorScheme of ["light", "dark"]) {
    test(`texts stand out in ${colorScheme}`, async () => {
      const page = await open({ ...desktop, colorScheme });
      await card(page, "Anna").waitFor();
      await page.locator("#picture-file").setInputFiles({ name: "letter.jpg", mimeType: "image/jpeg", buffer: Buffer.from("Dear Sir") });
      await page.getByRole("alert").filter({ hasText: "letter.jpg" }).waitFor();
      const gallery = await contrasts(page);
      await enter(page);
      await page.getByText("Figures").click();
      await page.waitForTimeout(300); // colours have faded over
      const all = [...gallery, ...(await contrasts(page))];
      assert.ok(all.length > 30);
      assert.deepEqual(all.filter(({ ratio }) => ratio < 4.5), []);
    });
  }

  test("the toggle turns dark into light, and a reload keeps it", async () => {
    const page = await open({ ...desktop, colorScheme: "dark" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.getByRole("button", { name: "Switch between light and dark" }).click();
    const light = await background();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await background(), light);
  });

  test("a phone shows one column, nothing sticks out, and a finger hits every button", async () => {
    const page = await open(phone);
    const fits = async () => {
      const { wide, small } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        small: [...document.querySelectorAll("button, select, textarea, summary, label.switch, .brand")]
          .filter((e) => e.checkVisibility())
          .map((e) => [e.id || e.className, e.getBoundingClientRect()])
          .filter(([, box]) => Math.min(box.width, box.height) < 40)
          .map(([name]) => name),
      }));
      assert.ok(wide <= 0, `${wide} pixels too wide`);
      assert.deepEqual(small, []);
    };
    await card(page, "Anna").waitFor();
    await fits();
    await card(page, "Anna").tap();
    await live(page);
    await fits();
    const screen = await page.locator("#screen").boundingBox();
    const mic = await page.locator("#mic").boundingBox();
    assert.ok(mic.y >= screen.y + screen.height); // below, not beside
    assert.ok(mic.y + mic.height < 844); // and in reach without scrolling
  });

  test("a fixed mood goes to the server with the session", async () => {
    const page = await open();
    await page.getByRole("combobox", { name: "Mood" }).selectOption("happy");
    const asked = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/sessions"));
    await enter(page);
    assert.equal((await asked).postDataJSON().emotion, "happy");
    await until(async () => (await page.locator("#mood-words").textContent()) === "Happy");
  });

  test("a reload comes back to the same session, and Back leaves it", async () => {
    const page = await open();
    await card(page, "Anna").waitFor();
    await enter(page);
    const { hash } = new URL(page.url());
    await page.reload();
    await live(page);
    assert.equal(new URL(page.url()).hash, hash);
    assert.equal(await sessions(worker), 1);
    await page.goBack();
    await page.getByRole("heading", { name: "Choose a face" }).waitFor();
    await until(async () => (await sessions(worker)) === 0);
  });

  test("a second visitor with the link sees the session too", async () => {
    const page = await open();
    await enter(page);
    const other = await visit(browser, worker, desktop, new URL(page.url()).hash);
    await live(other.page);
    await other.page.getByRole("button", { name: "End" }).click(); // leaves; it is not theirs to end
    await other.page.getByRole("heading", { name: "Choose a face" }).waitFor();
    assert.equal(await sessions(worker), 1);
    assert.deepEqual(other.faults, []);
    await other.leave();
  });

  test("a viewer that was dropped comes back by itself", async () => {
    const page = await open();
    const joined = page.waitForResponse((response) => response.url().endsWith("/whep") && response.status() === 201);
    await enter(page);
    const viewer = (await joined).headers().location;
    const again = page.waitForResponse((response) => response.url().endsWith("/whep") && response.status() === 201, { timeout: 20_000 });
    await worker.call("DELETE", new URL(viewer, worker.url).pathname);
    await again;
    await live(page);
    const start = await pictures(page);
    await until(async () => (await pictures(page)) > start + 10);
  });

  test("a session that ends elsewhere is told, and another is one click away", async () => {
    const page = await open();
    await enter(page);
    const id = decodeURIComponent(new URL(page.url()).hash.replace("#session=", ""));
    await worker.call("DELETE", `sessions/${id}`);
    await page.getByText("This session has ended.").waitFor();
    await page.getByRole("button", { name: "Start again" }).click();
    await live(page);
  });

  test("it says that the video is synthetic, on both views", async () => {
    const page = await open();
    await page.getByText("The video is synthetic").waitFor();
    await enter(page);
    assert.ok(await page.getByText("The video is synthetic").isVisible());
  });
});

describe("the page and a server that is", { skip }, () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  /** Runs `act` with a server of its own and a page on it. */
  const on = async (settings, act) => {
    const worker = await startWorker(settings);
    try {
      const { page, faults, leave } = await visit(browser, worker);
      await act(page, worker);
      await leave();
      assert.deepEqual(faults, []);
    } finally {
      await worker.stop();
    }
  };

  test("full: says so, keeps trying, and goes in when a place is free", () =>
    on({ AVATAR_MAX_SESSIONS: "1" }, async (page, worker) => {
      const { session_id: other } = (await worker.call("POST", "sessions", {})).json();
      await card(page, "Anna").click();
      await page.getByRole("alert").filter({ hasText: "keeps trying" }).waitFor();
      await worker.call("DELETE", `sessions/${other}`);
      await page.waitForSelector('#screen[data-state="live"]', { timeout: 30_000 });
    }));

  test("full: the visitor can stop waiting", () =>
    on({ AVATAR_MAX_SESSIONS: "1" }, async (page, worker) => {
      await worker.call("POST", "sessions", {});
      await card(page, "Anna").click();
      await page.getByRole("alert").filter({ hasText: "keeps trying" }).waitFor();
      await page.getByRole("button", { name: "Stop waiting" }).click();
      await until(async () => (await card(page, "Anna").getAttribute("aria-busy")) === null, 30_000);
      assert.ok(await page.getByRole("heading", { name: "Choose a face" }).isVisible());
    }));

  test("locked: asks for the token, refuses a wrong one, forgets it with the tab", () =>
    on({ AVATAR_API_TOKEN: "open/sesame+1=" }, async (page) => {
      await page.getByRole("heading", { name: "This server asks for its token" }).waitFor();
      await page.getByRole("textbox", { name: "Token" }).fill("wrong");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByText("That is not the token.").waitFor();
      await page.getByRole("textbox", { name: "Token" }).fill("open/sesame+1=");
      await page.getByRole("button", { name: "Continue" }).click();
      await card(page, "Anna").locator("img[data-shown]").waitFor();
      await card(page, "Anna").click();
      await live(page);
      await page.locator("#sound-file").setInputFiles(recording);
      await speaking(page, true); // the WebSocket was let in, too
      assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    }));

  test("draining: says so", () =>
    on({ AVATAR_DRAIN_SECONDS: "20" }, async (page, worker) => {
      await card(page, "Anna").click();
      await live(page); // somebody watches: there is something to wait for
      worker.signal("SIGTERM");
      await until(async () => (await page.locator("#server").getAttribute("data-state")) === "bad");
      assert.match(await page.locator("#server-words").textContent(), /Shutting down/);
      worker.signal("SIGTERM"); // now
    }));

  test("gone: says so", async () => {
    const worker = await startWorker();
    const { page, leave } = await visit(browser, worker);
    await card(page, "Anna").waitFor();
    await worker.stop();
    await page.getByText("The server does not answer").waitFor();
    await leave();
  });
});

describe("the page's files", () => {
  const folder = join(root, "web");
  const text = (name) => readFileSync(join(folder, name), "utf8");

  test("are small, and hold no script, style or address of elsewhere in the markup", () => {
    const names = readdirSync(folder);
    const size = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    assert.ok(size < 150_000, `${size} bytes`);
    assert.doesNotMatch(text("index.html"), /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    for (const name of names) {
      const addresses = text(name).match(/https?:\/\/[^\s"')]+/g) ?? [];
      assert.deepEqual(addresses.filter((address) => !address.startsWith("http://www.w3.org/")), [], name);
    }
  });

  test("name one another, and each is used", () => {
    const all = readdirSync(folder).map(text).join("\n");
    for (const name of readdirSync(folder)) if (name !== "index.html") assert.ok(all.includes(name), name);
  });
});
