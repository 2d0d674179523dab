// Runs once in the answer's component, which gives `element`, `server` and `watch`.

// What was found is also said to those who do not see it.
const voice = document.createElement("div");
voice.className = "fx-voice";
voice.setAttribute("role", "status");
element.before(voice);

watch("value", () => {
  const verdict = element.querySelector(".fx-verdict");
  voice.textContent = verdict ? verdict.textContent : "";
  // On a telephone the answer is below the picture.
  if (verdict && window.innerWidth <= 760) element.scrollIntoView({ block: "start" });
  showCard(element.querySelector(".fx-face[aria-pressed=true]"));
});

// Many faces are in a row that scrolls.
function showCard(card) {
  if (!card) return;
  const row = card.parentElement;
  row.scrollLeft = card.offsetLeft - (row.clientWidth - card.clientWidth) / 2;
}

function choose(face) {
  for (const button of element.querySelectorAll("[data-face]"))
    button.setAttribute("aria-pressed", String(button.dataset.face === face));
  for (const panel of element.querySelectorAll("[data-panel]"))
    panel.hidden = panel.dataset.panel !== face;
  showCard(element.querySelector(`.fx-face[data-face="${face}"]`));
}

async function saveChart(button) {
  // Gradio gives nothing where the server refuses.
  const picture = await server.save_chart(JSON.parse(button.dataset.chart));
  if (!picture) {
    button.textContent = "The server is busy: try again in a moment";
    return;
  }
  const link = document.createElement("a");
  link.href = picture;
  link.download = button.dataset.name;
  link.click();
}

element.addEventListener("click", (event) => {
  const face = event.target.closest("[data-face]");
  const chart = event.target.closest("[data-chart]");
  if (face) choose(face.dataset.face);
  if (chart) saveChart(chart);
});
