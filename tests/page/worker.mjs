// SPDX-License-Identifier: Apache-2.0
// Starts the real server on a free port of the loopback, with a folder of presets of its own, and stops it.
//
//   const worker = await startWorker({ AVATAR_MAX_SESSIONS: "1" });
//   await worker.call("POST", "sessions", { emotion: "auto" });
//   await worker.stop();
//
// AVATAR_WORKER names the program; a relative path counts from where the tests were started.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const portrait = join(root, "assets/portrait/portrait-1024.png");
export const recording = join(root, "assets/speech/hello.flac");
const READY_MS = 30_000;

/** Presets of the tests: two that live, and one whose picture is none. */
function makePresets(folder) {
  for (const id of ["anna", "old_tom"]) {
    mkdirSync(join(folder, id), { recursive: true });
    cpSync(portrait, join(folder, id, "face.png"));
  }
  mkdirSync(join(folder, "nobody"));
  writeFileSync(join(folder, "nobody/face.png"), "not a picture");
}

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

export async function startWorker(settings = {}) {
  const home = mkdtempSync(join(tmpdir(), "avatar-page-"));
  makePresets(join(home, "presets"));
  const port = await freePort();
  const environment = { HOST: "127.0.0.1", PORT: String(port), PRESET_AVATARS_DIR: join(home, "presets"), AVATAR_CACHE_DIR: join(home, "cache") };
  const child = spawn(process.env.AVATAR_WORKER, ["serve"], {
    env: { ...process.env, ...environment, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  const exited = new Promise((done) => child.on("exit", done));
  const url = `http://localhost:${port}/`;
  const headers = settings.AVATAR_API_TOKEN ? { Authorization: `Bearer ${settings.AVATAR_API_TOKEN}` } : {};

  const call = async (method, path, value) => {
    const body = value && JSON.stringify(value);
    const response = await fetch(new URL(path, url), { method, body, headers: { ...headers, ...(body && { "Content-Type": "application/json" }) } });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 5000);
    await exited;
    clearTimeout(late);
    rmSync(home, { recursive: true });
  };

  const patience = Date.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log}`);
    if (await call("GET", "ready").then((answer) => answer.status === 200, () => false)) break;
    if (Date.now() > patience) {
      await stop();
      throw new Error(`the server was not ready in time:\n${log}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return { url, call, stop, signal: (name) => child.kill(name), log: () => log };
}
