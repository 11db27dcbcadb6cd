// @ts-check
"use strict";

/*
 * What all pages of the experimenter share: logging in with the link, copying, times of day, menus, and an overview that
 * keeps itself up to date. Every page works without this file; it only adds to it.
 */
(() => {
    const REFRESH_MS = 4_000;
    const SAID_MS = 3_000;

    /** @param {string} text */
    function say(text) {
        const status = document.getElementById("admin-status");
        if (status === null) return;
        status.textContent = text;
        setTimeout(() => { if (status.textContent === text) status.textContent = ""; }, SAID_MS);
    }

    // Logging in. The token stands behind "#", which no server and no log ever sees; it leaves the address at once.

    function logInFromAddress() {
        const field = document.querySelector("[data-login-token]");
        const token = location.hash.slice(1);
        if (!(field instanceof HTMLInputElement) || token === "") return;
        history.replaceState(null, "", location.pathname);
        field.value = token;
        field.form?.requestSubmit();
    }

    // Copying.

    /** @param {string} text */
    async function copy(text) {
        try {
            await navigator.clipboard.writeText(text);
            say("Copied.");
        } catch {
            window.prompt("Copy this:", text); // plain http from another machine has no clipboard
        }
    }

    /** @param {MouseEvent} event */
    function copyOnClick(event) {
        const button = event.target instanceof Element ? event.target.closest("[data-copy], [data-copy-from]") : null;
        if (!(button instanceof HTMLElement)) return;
        const from = document.getElementById(button.dataset.copyFrom ?? "");
        void copy(button.dataset.copy ?? (from instanceof HTMLTextAreaElement ? from.value.trim() : ""));
    }

    // Times. The server writes UTC; people read their own time, or how long ago it was.

    // People's clocks may be wrong, but they show the same time as the server when the page is loaded.
    const aheadMs = Date.now() - (Number(document.documentElement.dataset.now) * 1000 || Date.now());
    const ago = new Intl.RelativeTimeFormat("en", { style: "narrow" });

    /** @param {number} seconds */
    function agoText(seconds) {
        if (seconds < 1) return "now";
        if (seconds < 60) return ago.format(-Math.floor(seconds), "second");
        if (seconds < 3_600) return ago.format(-Math.floor(seconds / 60), "minute");
        if (seconds < 86_400) return ago.format(-Math.floor(seconds / 3_600), "hour");
        return ago.format(-Math.floor(seconds / 86_400), "day");
    }

    function showTimes() {
        for (const element of document.querySelectorAll("time")) {
            const date = new Date(element.dateTime);
            const exact = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
            const text = element.hasAttribute("data-ago") ? agoText((Date.now() - aheadMs - date.getTime()) / 1000) : exact;
            if (element.textContent !== text) element.textContent = text;
            element.title = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
        }
    }

    // Menus: one open at a time, closed by Escape or a click elsewhere.

    /** @param {Event} event */
    function closeMenus(event) {
        const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
        if (event instanceof KeyboardEvent && !isEscape) return;
        for (const menu of document.querySelectorAll("details.admin-menu[open]")) {
            if (!isEscape && event.target instanceof Node && menu.contains(event.target)) continue;
            const hadFocus = menu.contains(document.activeElement);
            menu.removeAttribute("open");
            if (isEscape && hadFocus) menu.querySelector("summary")?.focus();
        }
    }

    // The overview: fetched again while somebody looks at it, and put in place if it has changed.

    /** @param {Element} shown */
    async function refresh(shown) {
        if (document.visibilityState !== "visible") return;
        const response = await fetch(location.href, { cache: "no-store" });
        if (response.redirected) location.reload(); // logged out
        if (!response.ok) return;
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.querySelector("[data-refresh]");
        if (fresh === null || fresh.innerHTML === shown.getAttribute("data-last")) return;
        const focused = document.activeElement?.getAttribute("href") ?? null;
        const hadFocus = shown.contains(document.activeElement);
        shown.setAttribute("data-last", fresh.innerHTML);
        shown.replaceChildren(...fresh.childNodes);
        showTimes();
        if (!hadFocus) return;
        for (const link of shown.querySelectorAll("a")) {
            if (link.getAttribute("href") === focused) return link.focus();
        }
    }

    /** @param {Element} shown */
    function keepFresh(shown) {
        const again = () => refresh(shown).catch(() => undefined).then(() => setTimeout(again, REFRESH_MS));
        setTimeout(again, REFRESH_MS);
    }

    document.addEventListener("click", copyOnClick);
    document.addEventListener("click", closeMenus);
    document.addEventListener("keydown", closeMenus);
    window.addEventListener("hashchange", logInFromAddress);
    for (const button of document.querySelectorAll("[data-copy], [data-copy-from]")) button.removeAttribute("hidden");
    const wrong = document.querySelector("[data-first-error] [aria-invalid]");
    if (wrong instanceof HTMLElement) wrong.focus();
    const shown = document.querySelector("[data-refresh]");
    if (shown !== null) keepFresh(shown);
    showTimes();
    setInterval(showTimes, 1_000);
    logInFromAddress();
})();
