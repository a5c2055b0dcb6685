"use strict";

// The terminal measures its cells once: it may start only when its font is there.
const start = window.onload;
window.onload = async (event) => {
  await Promise.allSettled([document.fonts.load("16px 'Roboto Mono'")]);
  document.getElementById("again").addEventListener("click", () => window.location.reload());
  start(event);
};

// The terminal waits to be clicked before it takes keys, and keeps to itself why its connection was closed.
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("open", () => {
      setTimeout(() => document.querySelector(".xterm-helper-textarea")?.focus());
    });
    this.addEventListener("close", (event) => {
      document.getElementById("why").textContent = event.reason || "The console has ended, or cannot be reached.";
    });
  }
};
