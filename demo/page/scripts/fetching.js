// Files of this server that a visitor tries instead of their own.

// Fetches a file; the address is relative to the page's. Returns null if it cannot be fetched.
export async function fetched(address, type) {
  try {
    const reply = await fetch(new URL(address, document.baseURI));
    return reply.ok ? new File([await reply.blob()], address.split("/").pop(), { type }) : null;
  } catch {
    return null;
  }
}
