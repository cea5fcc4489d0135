// Keeps the open page up to date: a stream tells which parts have changed, and htmx loads those again.
// A hidden page closes its stream, so that nothing works for nobody.
(() => {
  "use strict";
  const ALSO = { dynamics: ["top", "story"], functions: ["story"], spotler: ["top", "story"], bus: ["top", "functions"] };
  const waiting = new Set();
  let stream = null;

  function isBusy(part) {
    const active = document.activeElement;
    return part.contains(active) && ["INPUT", "SELECT", "TEXTAREA"].includes(active.tagName);
  }

  function refresh(name) {
    const part = document.getElementById(name);
    if (!part || !("live" in part.dataset)) return;
    if (isBusy(part) || part.dataset.loading) { waiting.add(name); return; }
    part.dataset.loading = "yes";
    htmx.ajax("GET", `/part/${name}${location.search}`, { source: part, target: part, swap: "outerHTML", select: `#${name}` })
      .finally(() => { delete part.dataset.loading; later(); });
  }

  function later() {
    const names = [...waiting];
    waiting.clear();
    names.forEach(refresh);
  }

  function listen() {
    if (document.hidden || stream) return;
    stream = new EventSource("/events");
    stream.addEventListener("changed", (event) => {
      const names = new Set(JSON.parse(event.data));
      [...names].forEach((name) => (ALSO[name] || []).forEach((other) => names.add(other)));
      names.forEach(refresh);
    });
  }

  function stop() {
    if (stream) stream.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  document.addEventListener("focusout", () => setTimeout(later, 50));
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form) form.requestSubmit();
  });

  // What is new replaces what was there: whoever had scrolled stays where they were, as long as the view is the same.
  const places = new Map();
  const keyOf = (element) => `${element.id} ${element.dataset.view || ""}`;
  document.addEventListener("htmx:beforeSwap", () => {
    places.clear();
    document.querySelectorAll(".scroll, .log, .story").forEach((each) => places.set(keyOf(each), each.scrollTop));
  });
  document.addEventListener("htmx:afterSettle", () => {
    document.querySelectorAll(".scroll, .log, .story").forEach((each) => {
      const top = places.get(keyOf(each));
      if (top !== undefined) each.scrollTop = top;
      else if (each.matches(".story")) each.scrollTop = each.scrollHeight;
    });
  });

  listen();
})();
