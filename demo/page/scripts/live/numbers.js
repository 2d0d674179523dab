// Shows the last picture's probabilities as bars, for each person or for all together.

import { EMOTIONS } from "../facts.js";
import { caption, percent } from "../words.js";

const emotions = Object.keys(EMOTIONS);

export class Numbers {
  #people;
  #group;

  // `people` is the element for a table per person; each table is a copy of the table `group`.
  constructor(people, group) {
    this.#people = people;
    this.#group = group;
  }

  show(answer, view) {
    this.#people.hidden = view !== "people";
    this.#group.hidden = view !== "group";
    this.#showPeople(answer.faces.filter((face) => face.person));
    this.#showGroup(answer);
  }

  #showPeople(faces) {
    const wanted = faces.map((face) => `p${face.person}`).join();
    if (this.#people.dataset.people !== wanted) {
      this.#people.dataset.people = wanted;
      this.#people.replaceChildren(...faces.map((face) => this.#tableOf(face.person)));
      if (!faces.length)
        this.#people.textContent = "No face in sight: turn to the camera, with light from the front.";
    }
    faces.forEach((face, index) => {
      const table = this.#people.children[index];
      table.caption.textContent = `Person ${face.person}: ${caption(face)}`;
      fill(table, face.probabilities);
    });
  }

  #tableOf(person) {
    const table = this.#group.cloneNode(true);
    table.className = "fx-bars";
    table.hidden = false;
    table.dataset.person = person;
    return table;
  }

  #showGroup({ faces, group }) {
    const count = faces.length;
    // A single face has no spread.
    this.#group.caption.textContent = count > 1 ? `${count} faces: mean and spread` : `${count || "No"} face`;
    const none = Object.fromEntries(emotions.map((emotion) => [emotion, 0]));
    fill(this.#group, group.mean ?? none, count > 1 ? group.spread : null);
    this.#group.classList.toggle("fx-none", !count);
  }
}

function fill(table, values, spread) {
  for (const row of table.querySelectorAll("tr")) {
    const value = values[row.dataset.emotion];
    row.querySelector(".fx-track span").style.width = `${100 * value}%`;
    const more = spread ? ` ± ${percent(spread[row.dataset.emotion])}` : "";
    row.lastElementChild.textContent = percent(value) + more;
  }
}
