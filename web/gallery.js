// SPDX-License-Identifier: Apache-2.0
// The portraits as cards: the built-in one, the presets, the visitor's own picture, and a place to put one.
//
//   const gallery = new Gallery((choice) => ...);   {avatarId?, picture?, name, image: address of the picture, card}
//   gallery.show(await avatars());
//   gallery.refuse(choice, "words");                the server did not want the picture
import { avatarPicture, sentence } from "./api.js";

const MOST_BYTES = 10_000_000; // the server's limit
const LONG_SIDE = 2048; // a larger picture is made this size first: more than any avatar shows

const make = (tag, className, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `#i-${name}`);
  return svg;
}

/** "anna_lee-2" -> "Anna lee 2" */
const titled = (id) => id.replace(/[-_]+/g, " ").replace(/^./, (letter) => letter.toUpperCase());

export class Gallery {
  #choose;
  #list = document.getElementById("cards");
  #input = document.getElementById("picture-file");
  #uploadItem;
  #uploadNote;
  #own = null; // <li> of the visitor's picture
  #shown = ""; // what the list shows, to leave it alone when nothing changed
  #pictures = new Map(); // avatar id -> Promise of an object URL

  constructor(choose) {
    this.#choose = choose;
    this.#uploadItem = this.#uploadCard();
    this.#list.append(this.#uploadItem);
    this.#input.addEventListener("change", () => {
      this.#take(this.#input.files[0]);
      this.#input.value = "";
    });
    this.#acceptDrops();
  }

  /** @param {{id: string, built_in?: boolean, ready: boolean, reason?: string}[]} avatars */
  show(avatars) {
    const state = JSON.stringify(avatars);
    if (state === this.#shown) return;
    this.#shown = state;
    const focused = document.activeElement?.dataset?.avatar;
    for (const item of [...this.#list.children]) {
      if (item !== this.#own && item !== this.#uploadItem) item.remove();
    }
    const builtInFirst = [...avatars].sort((a, b) => Boolean(b.built_in) - Boolean(a.built_in));
    this.#list.prepend(...builtInFirst.map((avatar) => this.#avatarCard(avatar)));
    if (focused) [...this.#list.querySelectorAll("button")].find((card) => card.dataset.avatar === focused)?.focus();
  }

  /** Address of an avatar's picture, for <img>. */
  picture(id) {
    if (!this.#pictures.has(id)) {
      const url = avatarPicture(id).then((blob) => URL.createObjectURL(blob));
      url.catch(() => this.#pictures.delete(id));
      this.#pictures.set(id, url);
    }
    return this.#pictures.get(id);
  }

  refuse(choice, words) {
    choice.note.textContent = words;
    choice.note.classList.add("error");
    choice.note.setAttribute("role", "alert");
  }

  #avatarCard({ id, built_in: builtIn, ready, reason }) {
    const item = document.createElement("li");
    const name = builtIn ? "Built-in portrait" : titled(id);
    const { card, image, note } = this.#card(name, ready ? "" : reason ? sentence(reason) : "Getting ready");
    card.dataset.avatar = id;
    card.disabled = !ready;
    item.append(card);
    this.picture(id).then(
      (url) => (image.src = url),
      () => {}, // the outline of a person stays
    );
    card.addEventListener("click", () => this.#choose({ avatarId: builtIn ? undefined : id, name, image: image.src, card, note }));
    return item;
  }

  #card(name, words) {
    const card = make("button", "card");
    card.type = "button";
    const frame = make("span", "card-picture");
    const image = make("img", "");
    image.alt = "";
    image.draggable = false;
    image.addEventListener("load", () => (image.dataset.shown = ""));
    const go = make("span", "go");
    go.append(icon("play"));
    frame.append(icon("person"), image, go);
    const note = make("span", "card-note", words);
    card.append(frame, make("span", "card-name", name), note);
    return { card, image, note };
  }

  #uploadCard() {
    const item = document.createElement("li");
    const card = make("button", "card upload");
    card.type = "button";
    const frame = make("span", "card-picture");
    frame.append(icon("plus"));
    this.#uploadNote = make("span", "card-note");
    card.append(frame, make("span", "card-name", "Your own picture"), this.#uploadNote);
    card.addEventListener("click", () => this.#input.click());
    item.append(card);
    this.#say("A face from the front, as JPEG, PNG or WebP");
    return item;
  }

  #say(words, isError = false) {
    this.#uploadNote.textContent = words;
    this.#uploadNote.classList.toggle("error", isError);
    this.#uploadNote.setAttribute("role", isError ? "alert" : "none");
  }

  async #take(file) {
    if (!file) return;
    let picture;
    try {
      picture = await fitting(file);
    } catch {
      this.#say(`“${file.name}” is no picture that can be read. Choose a JPEG, PNG or WebP.`, true);
      return;
    }
    this.#say("Another one, as JPEG, PNG or WebP");
    const name = "Your picture";
    const { card, image, note } = this.#card(name, "Click to bring it to life");
    image.src = URL.createObjectURL(picture);
    card.addEventListener("click", () => {
      note.textContent = "";
      note.classList.remove("error");
      this.#choose({ picture, name, image: image.src, card, note });
    });
    this.#own?.remove();
    this.#own = document.createElement("li");
    this.#own.append(card);
    this.#uploadItem.before(this.#own);
    card.focus();
  }

  #acceptDrops() {
    const section = document.getElementById("gallery");
    let depth = 0; // dragenter and dragleave come for every child
    const dragging = (by) => section.classList.toggle("dragging", (depth = Math.max(0, depth + by)) > 0);
    const holdsFile = (event) => event.dataTransfer?.types.includes("Files");
    section.addEventListener("dragenter", (event) => holdsFile(event) && dragging(+1));
    section.addEventListener("dragleave", (event) => holdsFile(event) && dragging(-1));
    section.addEventListener("dragover", (event) => holdsFile(event) && event.preventDefault());
    section.addEventListener("drop", (event) => {
      event.preventDefault();
      dragging(-depth);
      this.#take(event.dataTransfer.files[0]);
    });
  }
}

/** The file itself, or a smaller copy when it is above the server's limit. Throws when it is no picture. */
async function fitting(file) {
  const bitmap = await createImageBitmap(file);
  if (file.size <= MOST_BYTES) return file;
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}
