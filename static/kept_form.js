// @ts-check
"use strict";

/*
 * A form that is too long for the server is not lost: what was typed stays with the page in the tab's history, for whoever
 * goes back to shorten it. Browsers do that by themselves only for pages that may be cached, which these may not. Forms of
 * usual length are not kept, since participants may share a computer.
 */
(() => {
    const LONG_CHARACTERS = 10_000;

    /** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */
    /** @typedef {{position: string, contents: (string | boolean | boolean[])[]}} Kept */

    const form = document.getElementById("uproot-form");
    if (!(form instanceof HTMLFormElement)) return;

    /** @returns {Control[]} */
    function controls() {
        const found = form instanceof HTMLFormElement ? form.elements : [];
        return /** @type {Control[]} */ ([...found].filter((control) =>
            control.matches("textarea, select, input:not([type=hidden], [type=password], [type=file])")));
    }

    /** @param {Control} control */
    function contentOf(control) {
        if (control instanceof HTMLSelectElement) return [...control.options].map((option) => option.selected);
        return control.matches("[type=radio], [type=checkbox]") ? Reflect.get(control, "checked") : control.value;
    }

    /** @param {Control} control @param {string | boolean | boolean[]} content */
    function fill(control, content) {
        if (control instanceof HTMLSelectElement && Array.isArray(content)) {
            for (const [index, option] of [...control.options].entries()) option.selected = content[index] === true;
        } else if (typeof content === "boolean") Reflect.set(control, "checked", content);
        else if (typeof content === "string") control.value = content;
        control.dispatchEvent(new Event("input", { bubbles: true }));
    }

    const position = () => /** @type {HTMLInputElement | null} */ (document.getElementById("_uproot_from"))?.value ?? "";

    function keep() {
        const contents = controls().map(contentOf);
        if (contents.reduce((sum, content) => sum + (typeof content === "string" ? content.length : 0), 0) < LONG_CHARACTERS) return;
        try {
            history.replaceState({ ...history.state, uproot: { position: position(), contents } }, "");
        } catch {
            // Too long even for the browser: it is sent, and not kept.
        }
    }

    /** @type {Kept | undefined} */
    const kept = history.state?.uproot;
    const found = controls();
    if (kept?.position === position() && kept.contents.length === found.length) {
        for (const [index, content] of kept.contents.entries()) {
            const control = found[index];
            if (control !== undefined) fill(control, content);
        }
    }
    window.addEventListener("submit", keep);
})();
