// Shows an answer: the photograph with its boxes, a card for each face, and the chosen face's chart.

import { EMOTIONS } from "../facts.js";
import { caption, percent } from "../words.js";
import { paintAttention } from "./attention.js";

const CROWD = 5; // from this many faces on, boxes have only numbers
const ADVICE = [
  "turn the face to the camera, not to the side or far down;",
  "more light, from the front;",
  "come closer, or cut the picture closer to the face;",
  "take off anything that covers eyes, nose or mouth.",
];

export class AnswerView {
  #root;
  #drawn = ""; // names the content on the page, because rebuilding it would lose the focus

  // `chooseFace` is called with a face's index.
  constructor(root, chooseFace) {
    this.#root = root;
    root.addEventListener("click", (event) => {
      const face = event.target.closest("[data-face]");
      if (face) chooseFace(Number(face.dataset.face));
    });
    new ResizeObserver(() => this.#placeTags()).observe(this.#find(".fx-photo"));
  }

  // Shows a photograph's current state; `key` identifies the photograph.
  show(photograph, key) {
    const { state, step, answer, sentence, shown, face } = photograph;
    const now = [key, state, step, shown].join();
    if (now !== this.#drawn) {
      this.#drawn = now;
      this.#root.classList.toggle("fx-busy", state === "waiting" || state === "reading");
      this.#root.classList.toggle("fx-refused", state === "refused");
      this.#showPhotograph(photograph);
      this.#find(".fx-verdict").replaceChildren(
        ...(state === "answered" ? verdict(answer) : [sentence || `${step} …`]),
      );
      this.#showAdvice(answer);
      this.#showFaces(answer?.faces ?? []);
    }
    this.#showChosen(answer?.faces ?? [], face);
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #showPhotograph({ shown, name, answer }) {
    const image = this.#find(".fx-photo img");
    this.#find(".fx-photo").hidden = !shown;
    if (!shown) image.removeAttribute("src");
    else if (image.getAttribute("src") !== shown) image.src = shown;
    image.alt = `Your photograph ${name ?? ""}`.trim();
    const boxes = (answer?.faces ?? []).map((face, index) => box(face, index, answer));
    this.#find(".fx-boxes").replaceChildren(...boxes);
    image.decode().catch(() => {}).then(() => this.#placeTags());
  }

  #showAdvice(answer) {
    const advice = this.#find(".fx-advice");
    advice.replaceChildren(...(answer?.warnings ?? []).map(paragraph));
    if (answer?.turned) advice.append(`The picture was turned by ${answer.turned}° to find a face.`);
    if (answer && !answer.faces.length) advice.append("What helps:", listOf(ADVICE));
  }

  #showFaces(faces) {
    this.#find(".fx-cards").replaceChildren(...faces.map(card));
    this.#find(".fx-cards").hidden = !faces.length;
    this.#find(".fx-panel").hidden = !faces.length;
  }

  #showChosen(faces, chosen) {
    for (const button of this.#root.querySelectorAll("[data-face]"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.face) === chosen));
    const face = faces[chosen];
    if (!face) return;
    const panel = this.#find(".fx-panel");
    panel.querySelector("h3").textContent = title(face, chosen);
    for (const row of panel.querySelectorAll("tr")) {
      const probability = face.probabilities[row.dataset.emotion];
      row.classList.toggle("fx-best", row.dataset.emotion === face.emotion);
      row.querySelector(".fx-track span").style.width = `${100 * probability}%`;
      row.lastElementChild.textContent = percent(probability);
    }
    const told = `Bright parts spoke most for ${face.emotion}.`;
    panel.querySelector("figcaption").textContent = told;
    const canvas = panel.querySelector("canvas");
    canvas.setAttribute("aria-label", `The face as the network sees it. ${told}`);
    paintAttention(canvas, face);
    const row = this.#find(".fx-cards");
    const shown = row.children[chosen];
    row.scrollLeft = shown.offsetLeft - (row.clientWidth - shown.clientWidth) / 2;
  }

  // Shortens a tag to its number if it would cover another one or lie outside the photograph.
  #placeTags() {
    const all = [...this.#root.querySelectorAll(".fx-box")];
    const photo = this.#find(".fx-photo").getBoundingClientRect();
    for (const each of all) {
      each.classList.toggle("fx-number", all.length >= CROWD);
      each.classList.remove("fx-inside", "fx-right", "fx-under");
      const place = each.getBoundingClientRect();
      each.classList.toggle("fx-right", place.left + place.width / 2 > photo.left + 0.6 * photo.width);
      each.classList.toggle("fx-under", place.top - photo.top < 30);
    }
    const boxes = all.map((each) => each.getBoundingClientRect());
    const taken = [];
    all.forEach((each, index) => {
      const tag = each.querySelector(".fx-tag");
      const others = [...boxes.filter((_, other) => other !== index), ...taken];
      const free = () => {
        const place = tag.getBoundingClientRect();
        const outside = place.left < photo.left - 1 || place.right > photo.right + 1
          || place.top < photo.top - 1 || place.bottom > photo.bottom + 1;
        return !outside && !others.some((other) => overlap(place, other));
      };
      if (!free()) each.classList.add("fx-number");
      if (!free()) each.classList.add("fx-inside");
      taken.push(tag.getBoundingClientRect());
    });
  }
}

// Returns the answer in one line, as text and elements.
export function verdict({ faces }) {
  if (!faces.length) return ["No face found"];
  if (faces.length > 3) return [`${faces.length} faces. Choose one to see more.`];
  const start = faces.length === 1 ? "One face: " : `${faces.length} faces: `;
  return [start, ...faces.flatMap((face, index) =>
    [index ? ", " : "", emoji(face.emotion), ` ${caption(face)}`])];
}

// Returns a face's title in words.
export function title(face, index) {
  return `Face ${index + 1}: ${face.uncertain ? face.summary : caption(face)}`;
}

// Screen readers skip the emoji, because the emotion's name is always beside it.
function emoji(emotion) {
  const span = document.createElement("span");
  span.className = "fx-emoji";
  span.setAttribute("aria-hidden", "true");
  span.textContent = EMOTIONS[emotion].emoji;
  return span;
}

function button(className, index, face) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.dataset.face = index;
  made.style.setProperty("--fx-colour", EMOTIONS[face.emotion].colour);
  made.style.setProperty("--fx-text", EMOTIONS[face.emotion].ink);
  return made;
}

function box(face, index, { image }) {
  const made = button("fx-box", index, face);
  made.setAttribute("aria-label", `Face ${index + 1}: ${caption(face)}`);
  const { x, y, width, height } = face.box;
  Object.assign(made.style, {
    left: `${(100 * x) / image.width}%`,
    top: `${(100 * y) / image.height}%`,
    width: `${(100 * width) / image.width}%`,
    height: `${(100 * height) / image.height}%`,
  });
  const tag = document.createElement("span");
  tag.className = "fx-tag";
  const name = document.createElement("span");
  name.className = "fx-name";
  name.append(" ", emoji(face.emotion), ` ${caption(face)}`);
  tag.append(String(index + 1), name);
  made.append(tag);
  return made;
}

function card(face, index) {
  const made = button("fx-face", index, face);
  const crop = document.createElement("img");
  Object.assign(crop, { className: "fx-crop", width: 48, height: 48, alt: "" });
  crop.src = `data:image/png;base64,${face.crop}`;
  const words = document.createElement("span");
  const detail = document.createElement("small");
  detail.textContent = face.uncertain ? face.summary.replace("uncertain: ", "") : percent(face.confidence);
  words.append(`${index + 1} `, emoji(face.emotion), ` ${face.uncertain ? "uncertain" : face.emotion} `, detail);
  made.append(crop, words);
  return made;
}

function paragraph(text) {
  return Object.assign(document.createElement("p"), { textContent: text });
}

function listOf(texts) {
  const list = document.createElement("ul");
  for (const text of texts) list.append(Object.assign(document.createElement("li"), { textContent: text }));
  return list;
}

function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
