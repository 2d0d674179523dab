// The visitor's photographs. Each holds its own answer, and the page shows only what a photograph holds.
// So no photograph can get another one's answer.

import { MOST_PHOTOGRAPHS } from "../facts.js";
import { prepare } from "./preparing.js";
import { ask } from "./sending.js";

// Fires "changed" whenever the list or a photograph changes.
export class Photographs extends EventTarget {
  list = [];
  chosen = null;
  #reading = false;

  // Adds files while there is room, chooses the first of them and reads them one by one.
  // Returns how many did not fit.
  add(files) {
    const room = MOST_PHOTOGRAPHS - this.list.length;
    const added = files.slice(0, Math.max(0, room)).map((file) => ({
      file,
      name: file.name,
      state: "waiting", // then "reading", then "answered" or "refused"
      step: "Waiting", // the current step, in words
      stop: new AbortController(),
      prepared: null, // see preparing.js
      shown: null, // the address of the picture on the page
      answer: null, // the JSON of the HTTP route, in pixels of the file
      face: 0, // the index of the chosen face
      sentence: "", // the reason for a refusal
      again: false, // true if trying again may help
    }));
    this.list.push(...added);
    if (added.length) this.chosen = added[0];
    this.#changed();
    this.#readAll();
    return files.length - added.length;
  }

  choose(photograph) {
    this.chosen = photograph;
    this.#changed();
  }

  chooseFace(index) {
    this.chosen.face = index;
    this.#changed();
  }

  remove(photograph) {
    const place = this.list.indexOf(photograph);
    this.list.splice(place, 1);
    forget(photograph);
    if (this.chosen === photograph) this.chosen = this.list[Math.min(place, this.list.length - 1)] ?? null;
    this.#changed();
  }

  clear() {
    this.list.splice(0).forEach(forget);
    this.chosen = null;
    this.#changed();
  }

  retry(photograph) {
    Object.assign(photograph, { state: "waiting", step: "Waiting", sentence: "" });
    this.#changed();
    this.#readAll();
  }

  async #readAll() {
    if (this.#reading) return;
    this.#reading = true;
    for (let next; (next = this.list.find(({ state }) => state === "waiting")); ) await this.#read(next);
    this.#reading = false;
  }

  async #read(photograph) {
    const told = (step) => {
      photograph.step = step;
      this.#changed();
    };
    photograph.state = "reading";
    try {
      told("Opening");
      photograph.prepared ??= await prepare(photograph.file);
      if (photograph.stop.signal.aborted) return;
      show(photograph, photograph.prepared.shown);
      told("Sending");
      const answer = await ask(photograph.prepared, photograph.stop.signal, told);
      if (photograph.stop.signal.aborted) return;
      if (answer.preview) show(photograph, answer.preview);
      photograph.answer = answer.json;
      photograph.face = firstChoice(answer.json);
      photograph.state = "answered";
    } catch (error) {
      photograph.state = "refused";
      photograph.sentence = error.sentence ?? "This did not work. Try again.";
      photograph.again = error.again ?? !error.sentence;
    }
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}

function show(photograph, content) {
  if (content && !photograph.shown) photograph.shown = URL.createObjectURL(content);
}

// Stops work on a photograph and frees its memory.
function forget(photograph) {
  photograph.stop.abort();
  if (photograph.shown) URL.revokeObjectURL(photograph.shown);
}

// Returns the index of the face that matters most: a large one near the middle.
function firstChoice({ image, faces }) {
  const weights = faces.map(({ box }) => {
    const off = Math.max(
      Math.abs((2 * box.x + box.width) / image.width - 1),
      Math.abs((2 * box.y + box.height) / image.height - 1),
    );
    return box.width * box.height * (1 - 0.5 * off);
  });
  return Math.max(0, weights.indexOf(Math.max(...weights)));
}
