// What is dropped on a tab. While the tab is shown the browser does not leave the page for it.

// Hands to `take` what is dropped anywhere while `element` is shown: its files, each with `folder`,
// whether it is one. Text and links give none.
export function dropped(element, take) {
  const shown = () => element.offsetParent !== null;
  const over = (on) => element.classList.toggle("fx-over", on);
  window.addEventListener("dragover", (event) => {
    if (!shown()) return;
    event.preventDefault();
    over(true);
  });
  window.addEventListener("dragleave", (event) => {
    // Elements of the page are left as well, for others.
    if (!event.relatedTarget) over(false);
  });
  window.addEventListener("drop", (event) => {
    over(false);
    if (!shown()) return;
    event.preventDefault();
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const folders = items.map((item) => item.webkitGetAsEntry?.()?.isDirectory ?? false);
    take([...event.dataTransfer.files].map((file, index) => ({ file, folder: folders[index] ?? false })));
  });
}
