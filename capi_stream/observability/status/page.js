// Fetches this page anew and replaces the sections that differ: nothing flickers, and the place in the page is kept.
"use strict";
const EVERY_MS = 3000;
const FRESH = document.getElementById("fresh").textContent;
const PAUSED = "Paused while text is selected.";
let seenAt = Date.now();

function swap(now, next) {
  const ids = [...next.children].map((section) => section.id);
  for (const section of [...now.children]) if (!ids.includes(section.id)) section.remove();
  [...next.children].forEach((section, at) => {
    const old = document.getElementById(section.id);
    if (!old) now.insertBefore(section, now.children[at] ?? null);
    else if (old.outerHTML !== section.outerHTML) old.replaceWith(section);
  });
}

function say(state, words) {
  document.body.className = state;
  const said = document.getElementById("fresh");
  if (said.textContent !== words) said.textContent = words;
}

function isSelected() {
  return !getSelection().isCollapsed;
}

// A selection would end where what it is in is replaced.
function pauseOrGoOn() {
  if (isSelected()) say("paused", PAUSED);
  else if (document.body.className === "paused") turn();
}

async function turn() {
  if (document.hidden || isSelected()) return;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (document.hidden || isSelected()) return;
    swap(document.querySelector("main"), next.querySelector("main"));
    document.title = next.title;
    document.querySelector("link[rel=icon]").href = next.querySelector("link[rel=icon]").href;
    seenAt = Date.now();
    say("fresh", FRESH);
  } catch {
    const seconds = Math.round((Date.now() - seenAt) / 1000);
    if (!isSelected()) say("stale", `No answer: what you see is ${seconds} s old.`);
  }
}

setInterval(turn, EVERY_MS);
document.addEventListener("visibilitychange", turn);
document.addEventListener("selectionchange", pauseOrGoOn);
