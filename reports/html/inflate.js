"use strict";
/** The text of a block that travels as gzip in base64. */
const inflate = (id) => {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (char) => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
};
const canInflate = "DecompressionStream" in window;
