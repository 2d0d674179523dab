// The largest changes so far. On request they have small pictures, which exist only on this page.

const THUMBNAIL = 128; // the side of a small picture, in pixels
const REMEMBERED = 4; // seconds; the server reports a change up to two seconds late
const APART = 0.2; // seconds between two remembered pictures

export class Moments {
  #list;
  #recent = []; // faces of the last seconds, in case a moment needs them

  constructor(section) {
    this.#list = section.querySelector("ul");
  }

  // Empties the list for a new run.
  clear() {
    this.#recent = [];
    this.#list.replaceChildren();
    this.#list.parentElement.hidden = true;
  }

  // Keeps small pictures of an answer's faces for a while, mirrored like the video.
  remember({ time, faces }, picture, mirrored, wanted) {
    this.#recent = wanted ? this.#recent.filter((each) => each.time > time - REMEMBERED) : [];
    const last = this.#recent[this.#recent.length - 1];
    if (!wanted || (last && time - last.time < APART)) return;
    const people = faces.filter((face) => face.person);
    this.#recent.push({
      time,
      faces: new Map(people.map((face) => [face.person, thumbnail(face.box, picture, mirrored)])),
    });
  }

  show(moments, wanted) {
    const named = (moment) => `${moment.person} at ${moment.time}`;
    const before = new Map([...this.#list.children].map((item) => [item.dataset.moment, item]));
    this.#list.replaceChildren(...moments.map((moment) =>
      before.get(named(moment)) ?? this.#itemOf(moment, named(moment), wanted)));
    this.#list.parentElement.hidden = !moments.length;
  }

  #itemOf(moment, name, wanted) {
    const item = document.createElement("li");
    item.dataset.moment = name;
    const clock = new Date(1000 * moment.time).toISOString().slice(11, 19);
    const text = `Person ${moment.person} after ${clock}: ${moment.before} to ${moment.after}`;
    const near = this.#recent.filter((each) => each.faces.has(moment.person));
    if (wanted && near.length) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "fx-button";
      button.setAttribute("aria-label", `${text}. Show it larger`);
      const at = (time) => near.reduce((best, each) =>
        Math.abs(each.time - time) < Math.abs(best.time - time) ? each : best);
      for (const time of [moment.time - 1, moment.time + 1])
        button.append(copy(at(time).faces.get(moment.person)));
      button.addEventListener("click", () => item.classList.toggle("fx-large"));
      item.append(button);
    }
    item.append(text);
    return item;
  }
}

function square() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = THUMBNAIL;
  return canvas;
}

function thumbnail(box, picture, mirrored) {
  const canvas = square();
  const side = 1.6 * Math.max(box.width, box.height);
  const pen = canvas.getContext("2d");
  if (mirrored) pen.setTransform(-1, 0, 0, 1, THUMBNAIL, 0);
  const [x, y] = [box.x + box.width / 2 - side / 2, box.y + box.height / 2 - side / 2];
  pen.drawImage(picture, x, y, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
  return canvas;
}

function copy(canvas) {
  const face = square();
  face.getContext("2d").drawImage(canvas, 0, 0);
  return face;
}
