// SPDX-License-Identifier: Apache-2.0
// Plays one session in a <video> by WHEP, and comes back by itself when the connection is lost.
//
//   const viewer = new Viewer(video);
//   viewer.onstate = (state) => ...        "connecting", "live", "lost", "ended" or "refused" (viewer.error says why);
//                                          viewer.state is the last of them
//   viewer.prepare();                      optional: makes the offer while the session is still being started
//   viewer.connect(url);
//   viewer.close();
import { ApiError, call } from "./api.js";
import { backoff } from "./backoff.js";

const LOOK_MS = 1000;
const SILENT_LOOKS = 3; // an avatar sends always; so many looks without a packet, and it counts as lost

export class Viewer {
  onstate = () => {};
  state = "connecting";
  error = null;
  #video;
  #shown = null; // the stream that we put into the video
  #url = "";
  #peer = null;
  #resource = ""; // this viewer's own address on the server
  #attempt = 0;
  #timer = 0;
  #closed = false;

  constructor(video) {
    this.#video = video;
    addEventListener("online", this.#online);
  }

  prepare() {
    if (this.#peer) return;
    const show = (stream) => (this.#video.srcObject = this.#shown = stream);
    const peer = new Peer(this.#video, show, (state) => this.#peer === peer && this.#peerState(state));
    this.#peer = peer;
  }

  connect(url) {
    this.#url = url;
    this.#dial();
  }

  close() {
    this.#closed = true;
    removeEventListener("online", this.#online);
    this.#hangUp();
    if (this.#video.srcObject === this.#shown) this.#video.srcObject = null; // else it is another viewer's by now
  }

  /** Sound on or off at once, whatever still waits in the browser's buffers. */
  sound(on) {
    for (const track of this.#video.srcObject?.getAudioTracks() ?? []) track.enabled = on;
  }

  /** @returns {Promise<RTCStatsReport | null>} */
  stats() {
    return this.#peer?.stats() ?? Promise.resolve(null);
  }

  #online = () => {
    if (this.#timer) this.#dial();
  };

  async #dial() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#tell(this.#attempt === 0 ? "connecting" : "lost");
    this.prepare();
    const peer = this.#peer;
    try {
      this.#resource = await peer.open(this.#url);
      if (this.#peer !== peer) drop(peer.resource);
    } catch (error) {
      if (this.#closed || this.#peer !== peer) return;
      if (!(error instanceof ApiError)) error = new ApiError(0, "The browser could not open the connection.");
      this.error = error;
      this.#hangUp();
      if (error.status === 404) this.#tell("ended");
      else if (error.status === 401 || error.status === 400 || error.status === 422) this.#tell("refused");
      else this.#again(error.retryAfter * 1000);
    }
  }

  #again(least = 0) {
    this.#tell("lost");
    this.#timer = setTimeout(() => this.#dial(), Math.max(least, backoff(this.#attempt++)));
  }

  #tell(state) {
    this.state = state;
    this.onstate(state);
  }

  #peerState(state) {
    if (state === "live") {
      this.#attempt = 0;
      this.#tell("live");
    } else {
      this.#hangUp();
      this.#again();
    }
  }

  #hangUp() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#peer?.close();
    this.#peer = null;
    drop(this.#resource);
    this.#resource = "";
  }
}

/** Tells the server that a viewer is gone; it would notice by itself, only later. */
function drop(resource) {
  if (resource) call("DELETE", resource, { keepalive: true }).catch(() => {});
}

/** One peer connection, from its offer to its end. */
class Peer {
  resource = "";
  #peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  #video;
  #show;
  #etag = "";
  #late = []; // candidates found before the server has answered
  #offered;
  #looking = 0;

  constructor(video, show, onstate) {
    const peer = this.#peer;
    this.#video = video;
    this.#show = show;
    const stream = new MediaStream();
    for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
    peer.ontrack = ({ track }) => stream.addTrack(track);
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === "failed") onstate("lost");
      if (peer.connectionState !== "connected" || this.#looking) return;
      this.#play(stream, onstate);
      this.#watch(() => onstate("lost"));
    };
    this.#offered = this.#offer();
    this.#offered.catch(() => {}); // open() reports it
  }

  async #offer() {
    const peer = this.#peer;
    peer.onicecandidate = ({ candidate }) => candidate && this.#trickle(candidate);
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  }

  /** @returns {Promise<string>} the viewer's address on the server */
  async open(url) {
    const offer = await this.#offered;
    const response = await call("POST", url, { body: offer, headers: { "Content-Type": "application/sdp" } });
    const where = response.headers.get("Location");
    this.resource = where ? new URL(where, response.url).href : "";
    this.#etag = response.headers.get("ETag") ?? "";
    const servers = iceServers(response.headers.get("Link") ?? "", response.url);
    if (servers.length > 0) this.#peer.setConfiguration({ ...this.#peer.getConfiguration(), iceServers: servers });
    await this.#peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    this.#late.splice(0).forEach((candidate) => this.#trickle(candidate));
    return this.resource;
  }

  close() {
    clearInterval(this.#looking);
    this.#peer.close();
  }

  stats() {
    return this.#peer.connectionState === "closed" ? Promise.resolve(null) : this.#peer.getStats();
  }

  /** The browser itself takes ten seconds and more to notice that nobody sends. */
  #watch(onsilent) {
    let received = 0;
    let silent = 0;
    this.#looking = setInterval(async () => {
      let now = 0;
      for (const entry of (await this.#peer.getStats()).values()) {
        if (entry.type === "inbound-rtp" && entry.kind === "video") now = entry.packetsReceived;
      }
      silent = now === received ? silent + 1 : 0;
      received = now;
      if (silent < SILENT_LOOKS) return;
      clearInterval(this.#looking);
      onsilent();
    }, LOOK_MS);
  }

  async #play(stream, onstate) {
    const video = this.#video;
    this.#show(stream);
    video.requestVideoFrameCallback(() => onstate("live"));
    try {
      await video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError") return; // a newer stream took the place
      video.muted = true; // without a click before, a page may only show, not sound
      video.play().catch(() => {});
    }
  }

  #trickle(candidate) {
    if (!this.resource) {
      this.#late.push(candidate);
      return;
    }
    const { usernameFragment, sdpMid, candidate: line } = candidate;
    const password = /^a=ice-pwd:(.*)$/m.exec(this.#peer.localDescription.sdp)?.[1].trim() ?? "";
    const body = [
      `a=ice-ufrag:${usernameFragment}`,
      `a=ice-pwd:${password}`,
      "m=video 9 UDP/TLS/RTP/SAVPF 0",
      `a=mid:${sdpMid}`,
      `a=${line}`,
      "",
    ].join("\r\n");
    const headers = { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": this.#etag };
    call("PATCH", this.resource, { body, headers }).catch(() => {}); // one way fewer; the others remain
  }
}

/** The ice-server entries of a Link header (RFC 8288; draft-ietf-wish-whep, 4.4). */
function iceServers(header) {
  const servers = [];
  for (const [, urls, rest] of header.matchAll(/<((?:stun|turn)s?:[^>]+)>([^,]*)/g)) {
    const value = (name) => new RegExp(`${name}="([^"]*)"`).exec(rest)?.[1];
    if (value("rel") === "ice-server") servers.push({ urls, username: value("username"), credential: value("credential") });
  }
  return servers;
}
