// SPDX-License-Identifier: Apache-2.0
// Light or dark: what the system wants, until the visitor says otherwise. Loaded before the first paint, hence no module.
(() => {
  const root = document.documentElement;
  const asked = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is forbidden: the system decides
    }
  };
  const now = () => root.dataset.theme || (asked.matches ? "dark" : "light");

  const wanted = stored();
  if (wanted === "light" || wanted === "dark") root.dataset.theme = wanted;

  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = now() === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // not kept, only shown
      }
    });
  });
})();
