// Files that the page makes itself and the visitor saves.

// Offers a file for saving.
export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser needs the address until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A table that spreadsheets open rightly: UTF-8 with its mark, and no cell that one would run.
export function csv(columns, rows) {
  const lines = [columns, ...rows].map((cells) => cells.map(cell).join(","));
  return new Blob(["\ufeff", lines.map((line) => `${line}\r\n`).join("")], { type: "text/csv" });
}

function cell(value) {
  let text = String(value ?? "");
  // A spreadsheet runs what begins like a formula, but leaves numbers alone.
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
