// Keeps a page fresh: fetches it again while somebody sees it and is not in the middle of something. All works without.
"use strict";
(() => {
  const EVERY = 30000;
  const main = document.getElementById("main");
  const trouble = document.getElementById("trouble");
  let refused = 0;

  const isBusy = () => {
    if (document.hidden || document.querySelector("dialog[open]")) return true;
    const held = document.activeElement;
    if (held && main.contains(held) && held.matches("input, select, textarea")) return true;
    if (String(getSelection()) !== "") return true;
    return [...main.querySelectorAll("input, textarea")].some((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
        : field.value !== field.defaultValue)
      || [...main.querySelectorAll("option")].some((option) =>
        option.selected !== option.defaultSelected && option.parentElement.querySelector("[selected]"));
  };

  // How something is found again in the new page.
  const keyOf = (held) => held.id ? "#" + CSS.escape(held.id)
    : held.matches("a[href]") ? `a[href="${CSS.escape(held.getAttribute("href"))}"]` : null;

  const replace = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const next = fresh.getElementById("main");
    if (!next) throw new Error("another page came");
    const held = document.activeElement;
    const key = held && main.contains(held) && held !== main ? keyOf(held) : null;
    const open = [...main.querySelectorAll("details[open][id]")].map((details) => details.id);
    const scrolled = [...main.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
    main.replaceChildren(...next.childNodes);
    document.title = fresh.title;
    document.getElementById("as-of").replaceWith(fresh.getElementById("as-of"));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    main.querySelectorAll(".scroll").forEach((part, place) => { part.scrollLeft = scrolled[place] || 0; });
    if (key) main.querySelector(key)?.focus({ preventScroll: true });
  };

  const refresh = async () => {
    if (isBusy()) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error("status " + answer.status);
      const text = await answer.text();
      if (isBusy()) return;
      replace(text);
      refused = 0;
      trouble.textContent = "";
    } catch {
      refused += 1;
      trouble.textContent = refused < 3 ? "This page could not be updated; it is tried again."
        : "This page is not updated any more: load it again.";
      if (refused >= 3) clearInterval(timer);
    }
  };

  const timer = setInterval(refresh, EVERY);
})();
