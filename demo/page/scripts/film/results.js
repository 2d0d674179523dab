// The results of a film: the headline, the table of shares, the moments of change, the files to save.

import { clock, counted, size, wholePercent } from "../words.js";
import { FilmTimeline } from "./film_timeline.js";
import { samplesOf } from "./samples.js";

const SHOWN_PEOPLE = 12;
const NAMED_PEOPLE = 4; // in the headline

export class Results {
  #root;
  #player;
  #timeline;
  #addresses = []; // addresses of the blobs on the page

  constructor(root) {
    this.#root = root;
    this.#player = root.querySelector("video");
    this.#timeline = new FilmTimeline(root.querySelector(".fx-film-timeline"), this.#player);
    this.#player.addEventListener("error", () => this.#playable(false));
  }

  clear() {
    this.#addresses.forEach(URL.revokeObjectURL);
    this.#addresses = [];
    this.#player.removeAttribute("src");
    this.#player.load();
    this.#root.hidden = true;
  }

  // Shows the results of a film: `film` is its file, `files` are blobs by name.
  async show(film, files) {
    const named = (start) => [...files.keys()].filter((name) => name.startsWith(start));
    const summary = JSON.parse(await files.get(named("summary")[0]).text());
    const table = await files.get(named("expressions")[0]).text();
    this.#find(".fx-verdict").textContent = headline(summary);
    const read = `${clock(summary.film.read_to)} of film, ${summary.samples} pictures looked at.`;
    this.#fill(".fx-sentences", [...summary.film.sentences, read]);
    // Show the film with boxes if there is one, otherwise the original film.
    this.#playable(true);
    this.#player.src = this.#addressOf(files.get(named("annotated")[0]) ?? film);
    const people = longest(summary);
    this.#showShares(summary, people);
    this.#showMoments(summary.moments, files);
    this.#showFiles(files);
    this.#root.hidden = false;
    this.#timeline.show(samplesOf(table, summary), people.map((each) => each.person), summary.film.read_to);
    this.#find(".fx-verdict").scrollIntoView({ block: "nearest" });
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #playable(yes) {
    this.#player.hidden = !yes;
    this.#find(".fx-unplayed").hidden = yes;
  }

  #addressOf(content) {
    const address = URL.createObjectURL(content);
    this.#addresses.push(address);
    return address;
  }

  #fill(selector, contents) {
    this.#find(selector).replaceChildren(...contents.map((content) => {
      const item = document.createElement("li");
      item.append(content);
      return item;
    }));
  }

  #showShares({ people, group }, shown) {
    const rows = shown.map((each) =>
      [String(each.person), `${clock(each.first_seen)} to ${clock(each.last_seen)}`, each.share]);
    if (people.length > 1) rows.push(["all", "", group.share]);
    this.#find(".fx-wide").hidden = !rows.length;
    this.#find(".fx-shares tbody").replaceChildren(...rows.map(([person, seen, share]) => {
      const row = document.createElement("tr");
      const most = Math.max(...Object.values(share));
      for (const text of [person, seen, ...Object.values(share)]) {
        const cell = document.createElement(text === person ? "th" : "td");
        cell.textContent = typeof text === "number" ? wholePercent(text) : text;
        if (text === most) cell.className = "fx-most";
        row.append(cell);
      }
      row.firstChild.scope = "row";
      return row;
    }));
  }

  #showMoments(moments, files) {
    this.#find(".fx-moments").hidden = !moments.length;
    this.#fill(".fx-moments ul", moments.map((moment) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "fx-button";
      const start = `moments/moment-${moment.time.toFixed(2).padStart(8, "0")}s-person-${moment.person}-`;
      const picture = [...files].find(([name]) => name.startsWith(start));
      if (picture) {
        const image = document.createElement("img");
        image.src = this.#addressOf(picture[1]);
        image.alt = "";
        button.append(image);
      }
      button.append(`${clock(moment.time)} person ${moment.person}: ${moment.before} to ${moment.after}`);
      button.addEventListener("click", () => {
        this.#timeline.goTo(moment.time);
        this.#player.scrollIntoView({ block: "nearest" });
      });
      return button;
    }));
  }

  #showFiles(files) {
    const links = (chosen) => [...files].filter(([name]) => chosen(name)).map(([name, file]) => {
      const link = document.createElement("a");
      link.href = this.#addressOf(file);
      link.download = name.split("/").pop();
      link.textContent = `${link.download} (${size(file.size)})`;
      return link;
    });
    this.#fill(".fx-files > ul", links((name) => !name.includes("/")));
    const people = links((name) => name.startsWith("people/"));
    this.#fill(".fx-files details ul", people);
    this.#find(".fx-files details").hidden = !people.length;
  }
}

// Returns the people who were seen longest, in the order of their numbers.
function longest({ people }) {
  const sorted = [...people].sort((a, b) => b.seconds - a.seconds);
  return sorted.slice(0, SHOWN_PEOPLE).sort((a, b) => a.person - b.person);
}

// Returns the result in one line: "Two people: 1 mostly happy, 2 mostly neutral".
function headline({ people, group, film }) {
  if (!people.length) return `Nobody was found in ${clock(film.read_to)} of film`;
  const who = counted(people.length);
  if (people.length === 1) return `${who}: ${mostly(people[0].share)}`;
  if (people.length > NAMED_PEOPLE) return `${who}: ${mostly(group.share)} together`;
  return `${who}: ${people.map(({ person, share }) => `${person} ${mostly(share)}`).join(", ")}`;
}

function mostly(share) {
  const [emotion, most] = Object.entries(share).reduce((a, b) => (b[1] > a[1] ? b : a));
  return `${most > 0.5 ? "mostly" : "most often"} ${emotion}`;
}
