// Files that the page makes for the visitor to save.

// Offers a file to save.
export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser needs the address until it begins to save.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Makes a table that spreadsheets open correctly: UTF-8 with a byte order mark, and without formulas.
export function csv(columns, rows) {
  const lines = [columns, ...rows].map((cells) => cells.map(cell).join(","));
  return new Blob(["\ufeff", lines.map((line) => `${line}\r\n`).join("")], { type: "text/csv" });
}

function cell(value) {
  let text = String(value ?? "");
  // A spreadsheet runs text that begins like a formula. Numbers are safe.
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
