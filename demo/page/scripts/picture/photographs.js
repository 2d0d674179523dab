// The photographs that a visitor brought. Each holds its own answer, and what is shown of a photograph
// is read from it alone: so no answer can be shown for another one.

import { MOST_PHOTOGRAPHS } from "../facts.js";
import { prepare } from "./preparing.js";
import { ask } from "./sending.js";

// Says "changed" when anything of it changed.
export class Photographs extends EventTarget {
  list = [];
  chosen = null;
  #reading = false;

  // Takes files in as far as there is room, chooses the first of them and reads them one by one.
  // Returns how many were left out.
  add(files) {
    const room = MOST_PHOTOGRAPHS - this.list.length;
    const added = files.slice(0, Math.max(0, room)).map((file) => ({
      file,
      name: file.name,
      state: "waiting", // then "reading", then "answered" or "refused"
      step: "Waiting", // what happens to it, in words
      stop: new AbortController(),
      prepared: null, // see preparing.js
      shown: null, // the address of what is shown of it
      answer: null, // the JSON of the HTTP route, in pixels of the file
      face: 0, // the chosen one
      sentence: "", // why it is refused
      again: false, // whether trying again may help
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

// Ends what is done to a photograph and lets go of its memory.
function forget(photograph) {
  photograph.stop.abort();
  if (photograph.shown) URL.revokeObjectURL(photograph.shown);
}

// The face a photograph is most likely about: large, and near the middle.
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
