// The strip of all photographs, and the progress of their reading.

import { EMOTIONS } from "../facts.js";

const MARKS = { waiting: "…", reading: "…", refused: "!" };

export class Strip {
  #root;
  #buttons = new Map(); // the button of each photograph

  // `choose` is called with the chosen photograph.
  constructor(root, choose) {
    this.#root = root;
    root.addEventListener("click", (event) => {
      const pressed = event.target.closest(".fx-thumb");
      for (const [photograph, button] of this.#buttons) if (button === pressed) choose(photograph);
    });
  }

  show({ list, chosen }) {
    this.#root.hidden = list.length < 2;
    for (const photograph of [...this.#buttons.keys()])
      if (!list.includes(photograph)) this.#buttons.delete(photograph);
    for (const photograph of list) {
      if (!this.#buttons.has(photograph)) this.#buttons.set(photograph, thumb());
      fill(this.#buttons.get(photograph), photograph, photograph === chosen);
    }
    const row = this.#root.querySelector(".fx-thumbs");
    const wanted = [...this.#buttons.values()];
    if (wanted.some((button, place) => row.children[place] !== button) || row.children.length !== wanted.length)
      row.replaceChildren(...wanted);
    const read = list.filter(({ state }) => state === "answered" || state === "refused").length;
    this.#root.querySelector("progress").value = list.length ? read / list.length : 0;
    this.#root.querySelector("progress").hidden = read === list.length;
    this.#root.querySelector(".fx-reading span").textContent = `${read} of ${list.length} read`;
  }
}

function thumb() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fx-thumb";
  const image = document.createElement("img");
  image.alt = "";
  const mark = document.createElement("span");
  mark.setAttribute("aria-hidden", "true");
  button.append(image, mark);
  return button;
}

function fill(button, { name, state, shown, answer, sentence, step }, chosen) {
  button.setAttribute("aria-pressed", String(chosen));
  const [image, mark] = button.children;
  image.hidden = !shown;
  if (shown && image.getAttribute("src") !== shown) image.src = shown;
  const faces = answer?.faces ?? [];
  const found = faces.map(({ emotion }) => EMOTIONS[emotion].emoji).slice(0, 4).join("");
  mark.textContent = state === "answered" ? found || "–" : MARKS[state];
  const told = faces.map(({ summary }) => summary).join(", ") || "no face found";
  button.setAttribute("aria-label", `${name}: ${state === "answered" ? told : sentence || step}`);
  button.title = name;
}
