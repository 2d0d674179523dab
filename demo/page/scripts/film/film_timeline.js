// The timeline below the film. It shows the film's position; a click or the arrow keys change it.

import { curves } from "../curves.js";
import { redrawn, sized } from "../drawing.js";
import { EMOTIONS } from "../facts.js";
import { drawTimeline, heightOf, LEFT, ticksOf } from "../timeline.js";
import { views } from "../views.js";
import { clock, percent } from "../words.js";

const emotions = Object.keys(EMOTIONS);
// The seconds that each key moves.
const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

export class FilmTimeline {
  #root;
  #player;
  #seek;
  #canvas;
  #view;
  #samples = [];
  #people = []; // the people whose strips are shown
  #end = 0; // the end of the film, in seconds
  #time = 0; // the film's position, in seconds

  constructor(root, player) {
    this.#root = root;
    this.#player = player;
    this.#seek = root.querySelector(".fx-seek");
    this.#canvas = root.querySelector("canvas");
    this.#view = views(root, () => this.#draw());
    this.#seek.addEventListener("keydown", (event) => this.#press(event));
    this.#seek.addEventListener("pointerdown", (event) => {
      this.#seek.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    this.#seek.addEventListener("pointermove", (event) => event.buttons && this.#point(event));
    for (const name of ["timeupdate", "seeking", "loadedmetadata"])
      player.addEventListener(name, () => this.#follow());
    player.addEventListener("play", () => this.#run());
    redrawn(this.#canvas, () => this.#draw());
  }

  // Shows a film's samples, up to its `end`, and the strips of `people`.
  show(samples, people, end) {
    this.#samples = samples;
    this.#people = people;
    this.#end = end;
    this.#root.hidden = !people.length;
    this.#root.querySelector(".fx-switch").hidden = people.length < 2;
    this.#seek.setAttribute("aria-valuemax", String(Math.round(end)));
    this.#draw();
    this.#place(0);
  }

  // Moves the film to a time in seconds.
  goTo(time) {
    const within = Math.max(0, Math.min(this.#end, time));
    // If the browser cannot play the film, only the timeline moves.
    if (this.#player.readyState) this.#player.currentTime = within;
    this.#place(within);
  }

  #draw() {
    const width = this.#canvas.clientWidth;
    if (!this.#people.length || !width) return;
    const view = this.#people.length < 2 ? "people" : this.#view();
    const height = heightOf(view, this.#people);
    this.#canvas.style.height = `${height}px`;
    const steps = Math.max(1, Math.round((width - LEFT) / 2));
    drawTimeline(sized(this.#canvas, width, height), curves(this.#samples, 0, this.#end, steps), {
      ...{ view, people: this.#people, width },
      ink: getComputedStyle(this.#canvas).color,
      ticks: ticksOf(0, this.#end, width, clock),
    });
    this.#place(this.#time);
  }

  #follow() {
    if (this.#player.readyState) this.#place(this.#player.currentTime);
  }

  // While the film plays, the playhead moves with every frame of the screen.
  #run() {
    if (this.#player.paused || this.#player.ended) return;
    this.#follow();
    requestAnimationFrame(() => this.#run());
  }

  #place(time) {
    this.#time = time;
    const share = this.#end ? Math.min(1, time / this.#end) : 0;
    this.#root.querySelector(".fx-playhead").style.left = `calc(${LEFT}px + (100% - ${LEFT}px) * ${share})`;
    const words = `${clock(time)}: ${this.#wordsAt(time)}`;
    const then = this.#root.querySelector(".fx-then");
    if (then.textContent === words) return;
    then.textContent = words;
    this.#seek.setAttribute("aria-valuenow", time.toFixed(1));
    this.#seek.setAttribute("aria-valuetext", words);
  }

  #wordsAt(time) {
    const sample = this.#samples.findLast((each) => each.time <= time + 1e-3);
    if (!sample?.faces.length) return "nobody in sight";
    return sample.faces.map(({ person, probabilities }) => {
      const most = Math.max(...probabilities);
      return `person ${person} ${emotions[probabilities.indexOf(most)]} ${percent(most)}`;
    }).join(", ");
  }

  #press(event) {
    const ends = { Home: 0, End: this.#end };
    const time = event.key in KEYS ? this.#time + KEYS[event.key] : ends[event.key];
    if (time === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.goTo(time);
  }

  #point(event) {
    const { left, width } = this.#seek.getBoundingClientRect();
    this.goTo((this.#end * (event.clientX - left - LEFT)) / (width - LEFT));
  }
}
