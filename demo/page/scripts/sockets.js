// WebSockets of this server.

// Opens a WebSocket; the route is relative to the page's address.
export function open(route) {
  const address = new URL(route, document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  return new WebSocket(address);
}
