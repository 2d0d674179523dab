// The page as a whole: tabs have addresses, and the arrow keys move between them.

// The end of the page's address for each tab, from left to right.
const ADDRESSES = ["", "#live", "#film"];

let list = null; // the list of tabs, once Gradio has built it

const tabs = () => [...list.querySelectorAll("[role=tab]")];
const chosen = () => tabs().findIndex((tab) => tab.getAttribute("aria-selected") === "true");

function addressed() {
  return Math.max(0, ADDRESSES.indexOf(location.hash));
}

// Chooses the tab that the address names.
function follow() {
  if (chosen() !== addressed()) tabs()[addressed()]?.click();
}

// The Tab key reaches only the chosen tab; the arrow keys reach the others.
function letTabKeyReach(tab) {
  tabs().forEach((each, index) => (each.tabIndex = index === tab ? 0 : -1));
}

// Writes the chosen tab into the address, so that the browser's Back button returns to the previous tab.
function note() {
  const tab = chosen();
  letTabKeyReach(tab);
  if (tab < 0 || tab === addressed()) return;
  history.pushState(null, "", location.pathname + location.search + ADDRESSES[tab]);
}

function step(event) {
  const all = tabs();
  const from = all.indexOf(event.target);
  const to = {
    ArrowLeft: (from - 1 + all.length) % all.length,
    ArrowRight: (from + 1) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (from < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  all[to].click();
  all[to].focus();
}

function begin() {
  list.addEventListener("keydown", step);
  // Gradio chooses a tab only after the click has returned, so the address is not noted before that: it
  // would lose the tab that it names.
  follow();
  letTabKeyReach(addressed());
  new MutationObserver(note).observe(list, { subtree: true, attributeFilter: ["aria-selected"] });
  addEventListener("popstate", follow);
}

new MutationObserver((_, observer) => {
  list = [...document.querySelectorAll("[role=tablist]")].find((each) => each.querySelector("[role=tab]"));
  if (!list) return;
  observer.disconnect();
  begin();
}).observe(document.body, { childList: true, subtree: true });
