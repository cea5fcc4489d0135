// Keeps the open page up to date: a stream tells which parts have changed, and the page loads those again.
// A hidden page closes its stream, so that nothing works for nobody.
(() => {
  "use strict";
  const ALSO = { dynamics: ["top", "story"], functions: ["story"], spotler: ["top", "story"], bus: ["top", "functions"] };
  const SOON = 150, LATER = 2000; // milliseconds
  const waiting = new Set();
  const changedAt = new Map();
  let stream = null;
  let askedAt = 0; // when the page that is shown next was asked for

  let pressing = false; // a button that is replaced between the press and the release would not be clicked
  let left; // the column in which the person was who asked for the next page
  let asked = []; // requests of htmx: the answer to one is lost when the form that asked is replaced meanwhile

  function isBusy(part) {
    const active = document.activeElement;
    const fills = part.contains(active) && ["INPUT", "SELECT", "TEXTAREA"].includes(active.tagName);
    asked = asked.filter((request) => request.readyState > XMLHttpRequest.UNSENT && request.readyState < XMLHttpRequest.DONE);
    return fills || pressing || asked.length > 0;
  }

  function refresh(name) {
    const part = document.getElementById(name);
    if (!part || !("live" in part.dataset)) return;
    if (isBusy(part) || part.dataset.loading) waiting.add(name);
    else load(name, part);
  }

  async function load(name, part) {
    const search = location.search;
    let again = 0;
    part.dataset.loading = "yes";
    try {
      const answer = await fetch(`/part/${name}${search}`);
      const html = await answer.text();
      if (!part.isConnected || search !== location.search) again = SOON; // the person has gone on to another view
      else if (!answer.ok) again = LATER;
      else if (isBusy(part)) waiting.add(name);
      else {
        remember();
        htmx.swap(part, html, { swapStyle: "outerHTML" });
        if (waiting.delete(name)) again = SOON;
      }
    } catch {
      again = LATER;
    } finally {
      delete part.dataset.loading;
    }
    if (again && stream) setTimeout(() => refresh(name), again);
  }

  function catchUp() {
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
      names.forEach((name) => { changedAt.set(name, Date.now()); refresh(name); });
    });
  }

  function stop() {
    if (stream) stream.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  document.addEventListener("focusout", () => setTimeout(catchUp, SOON));
  document.addEventListener("pointerdown", () => { pressing = true; });
  ["pointerup", "pointercancel"].forEach((name) =>
    document.addEventListener(name, () => setTimeout(() => { pressing = false; catchUp(); }, SOON)));
  document.addEventListener("htmx:beforeRequest", (event) => {
    asked.push(event.detail.xhr);
    askedAt = Date.now();
    left = document.activeElement.closest("section")?.id;
  });
  document.addEventListener("htmx:afterRequest", () => setTimeout(catchUp, SOON));

  // What is new replaces what was there: whoever had scrolled stays where they were, as long as the view is the same,
  // and what was entered is kept for the columns that another operation has too.
  const places = new Map();
  let entered = new Map();
  const keyOf = (element) => `${element.id} ${element.dataset.view || ""}`;
  const scrolled = () => document.querySelectorAll(".scroll, .story");
  const isAtEnd = (each) => each.matches(".story") && each.scrollTop + each.clientHeight >= each.scrollHeight - 4;
  const fields = () => document.querySelectorAll("form[data-keep] [name]");

  function remember() {
    places.clear();
    scrolled().forEach((each) => places.set(keyOf(each), isAtEnd(each) ? Infinity : each.scrollTop));
    entered = new Map([...fields()].map((each) => [each.name, each.value]));
  }

  function restore() {
    scrolled().forEach((each) => {
      const top = places.get(keyOf(each));
      if (top === Infinity || (top === undefined && each.matches(".story"))) each.scrollTop = each.scrollHeight;
      else if (top !== undefined) each.scrollTop = top;
    });
    fields().forEach((each) => {
      const before = entered.get(each.name);
      if (each.type === "hidden" || !before) return;
      const offers = each.tagName === "SELECT" && [...each.options].some((option) => option.value === before);
      if (offers || !each.value) each.value = before;
    });
  }

  // Whoever uses the keyboard goes on in the same column, not at the top of the page: in its form, else at its beginning.
  function goOn() {
    const column = document.activeElement === document.body && document.getElementById(left);
    const place = column && !("live" in column.dataset) && column.querySelector("select, input:not([type=hidden])");
    (place || (column && column.querySelector(".scroll")))?.focus?.({ preventScroll: true });
  }

  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSettle", (event) => {
    restore();
    if (event.target.id !== "page") return;
    goOn();
    changedAt.forEach((at, name) => { if (at >= askedAt) refresh(name); }); // it may show what was before
  });

  listen();
})();
