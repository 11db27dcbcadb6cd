// @ts-check
"use strict";

/*
 * The page around the connection: its form, its buttons and inline handlers, moving on, and the words of its language.
 *
 * A page's `main` stands inside its form, so that authors' buttons and inline handlers live in the form's shadow. Two rules
 * take it away: a button with `onclick` and without `type` does not submit, and in inline handlers a function of the page
 * wins against a member of the form of the same name.
 *
 * Live calls go over a socket and a form goes over HTTP, where they could overtake each other. So a submit waits until the
 * calls made before it are answered, 3 s at most: what was called before Next counts.
 */

/**
 * @typedef {object} FormMembers
 * @property {boolean} dirty whether anything was entered
 * @property {boolean} testing
 * @property {{[source: string]: string}} terms texts in the page's language
 * @property {Set<string>} missing texts that were asked for and are not in `terms`
 * @property {(expectedPage?: number | null) => boolean} submit
 * @property {(form: HTMLFormElement) => boolean} submitForm
 * @property {(form: HTMLFormElement) => boolean} beginSubmit
 * @property {() => void} goBack
 * @property {() => void} reload
 * @property {(url: string) => void} redirect
 * @property {(id: string) => HTMLElement | null} I
 * @property {(text: string) => string} _
 */
/** @typedef {{active: boolean, level: "light" | "warning" | "danger", text: string, compact: string}} TimeoutState */
/**
 * @typedef {object} TimeoutMembers
 * @property {number} pageTimeoutWarningSeconds
 * @property {number} pageTimeoutDangerSeconds
 * @property {number | null} pageTimeoutStartMs on the clock of performance.now(); null without a timeout
 * @property {number} pageTimeoutDurationMs
 * @property {(seconds: number) => void} setPageTimeout
 * @property {() => number} pageTimeoutRemainingMs
 * @property {() => TimeoutState} syncTimeout
 * @property {() => void} stopPageTimeoutTimers
 * @property {(seconds: number) => string} formatDuration
 * @property {(seconds: number) => string} formatDurationCompact
 */
/** @typedef {FormMembers & TimeoutMembers & FunctionMembers} PageMembers */

(() => {
    const MOST_WAIT_MS = 3_000;
    const SUBMITTING = "data-uproot-submitting";
    const INLINE_EVENTS = [
        ..."click dblclick mousedown mouseup pointerdown pointerup touchstart touchend keydown keyup keypress".split(" "),
        ..."input change submit invalid focus blur paste drop".split(" "),
    ];

    function pageForm() {
        const element = document.getElementById("uproot-form");
        return element instanceof HTMLFormElement ? element : null;
    }

    // Submitting. Fields may be named like any member of a form, hence the calls through the prototype.

    /** @param {HTMLFormElement} form @returns {boolean} false if it is being submitted already */
    function beginSubmit(form) {
        if (form.hasAttribute(SUBMITTING)) return false;
        form.setAttribute(SUBMITTING, "true");
        form.setAttribute("aria-busy", "true");
        uproot.stopPageTimeoutTimers();
        return true;
    }

    /** @param {HTMLFormElement} form */
    function endSubmit(form) {
        form.removeAttribute(SUBMITTING);
        form.removeAttribute("aria-busy");
    }

    /** @param {HTMLFormElement} form */
    function submitForm(form) {
        if (!beginSubmit(form)) return false;
        if (uproot.pending() === 0) post(form, null);
        else void uproot.settled(MOST_WAIT_MS).then(() => post(form, null));
        return true;
    }

    /**
     * Send the form without validation and `submit` event. @param {HTMLFormElement} form
     * @param {HTMLElement | null} submitter the button whose name and value go along
     */
    function post(form, submitter) {
        const name = submitter?.getAttribute("name");
        const input = document.createElement("input");
        if (name) {
            Object.assign(input, { type: "hidden", name, value: submitter?.getAttribute("value") ?? "" });
            Element.prototype.append.call(form, input);
        }
        HTMLFormElement.prototype.submit.call(form);
        input.remove();
    }

    /** The last listener of a submit: nobody prevented it. @param {SubmitEvent} event */
    function guardSubmit(event) {
        const form = pageForm();
        if (event.defaultPrevented || form === null || event.target !== form) return;
        if (!beginSubmit(form)) {
            event.preventDefault();
        } else if (uproot.pending() > 0) {
            event.preventDefault();
            void uproot.settled(MOST_WAIT_MS).then(() => post(form, event.submitter));
        }
    }

    /** @param {number | null} [expectedPage] */
    function submit(expectedPage = null) {
        const form = pageForm();
        if (form === null || (typeof expectedPage === "number" && expectedPage !== position())) return false;
        return submitForm(form);
    }

    function goBack() {
        const from = document.getElementById("_uproot_from");
        if (from instanceof HTMLInputElement && pageForm()?.hasAttribute(SUBMITTING) === false) {
            from.value = `back-${position()}`;
            submit();
        }
    }

    function position() {
        return uproot.vars._uproot_internal?.thisis;
    }

    // Not location.reload(), which would post a posted page again; without the fragment, with which it would only scroll.
    function reload() {
        location.replace(location.href.replace(/#.*$/s, ""));
    }

    /** Go to an absolute http or https address; others are ignored. @param {string} url */
    function redirect(url) {
        if (/^https?:\/\//i.test(url)) location.assign(url);
    }

    /** The text in the page's language. @param {string} text */
    function translate(text) {
        for (const key of [text, text.replace(/\s+/g, " ").trim()]) {
            if (Object.hasOwn(uproot.terms, key)) return uproot.terms[key];
        }
        uproot.missing.add(text);
        if (uproot.verbose) console.log("uproot: no translation of", text);
        return text;
    }

    // Buttons

    /** @param {Element} button whether it has something else to do than to submit */
    function hasOwnAction(button) {
        return button.getAttributeNames().some((name) => /^(onclick$|(@|x-on:)click($|\.))/.test(name));
    }

    /** Untyped buttons with an action of their own do not submit; other untyped buttons do. @param {Element} button */
    function settleType(button) {
        if (!(button instanceof HTMLButtonElement) || button.hasAttribute("type")) return;
        if (button.form !== null && button.form === pageForm() && hasOwnAction(button)) {
            button.setAttribute("type", "button");
        }
    }

    /** @param {MutationRecord[]} records */
    function settleNewButtons(records) {
        for (const { addedNodes } of records) {
            for (const node of addedNodes) {
                if (!(node instanceof Element)) continue;
                settleType(node);
                node.querySelectorAll("button:not([type])").forEach(settleType);
            }
        }
    }

    // Inline handlers. Their scope is: element, form, document, window. So `onclick="reset()"` means form.reset(), and an
    // own property on the form would mean that the page's `function reset() { form.reset() }` calls itself. Instead the
    // handler gets one more scope, in front of the form, with those of the page's functions that the form would hide.

    const nativeFunctions = new Map(
        [...memberNames(document.createElement("form"))].map((name) => [name, Reflect.get(window, name)]),
    );
    /** @type {WeakSet<Function>} */
    const mended = new WeakSet();

    /** @param {object} object @returns {Set<string>} */
    function memberNames(object) {
        const names = new Set();
        for (let owner = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
            Object.getOwnPropertyNames(owner).forEach((name) => names.add(name));
        }
        return names;
    }

    /** The function that the page declared under this name, with `function`, `const` or `let`. @param {string} name */
    function pageFunction(name) {
        const found = lookUp(name);
        return typeof found === "function" && found !== nativeFunctions.get(name) ? found : null;
    }

    /** The value of a global name. Only a compiled function sees `const` and `let` too. @param {string} name */
    function lookUp(name) {
        try {
            return new Function(`return ${name}`)();
        } catch (error) {
            if (error instanceof ReferenceError || error instanceof SyntaxError) return undefined; // no such name, or a keyword
            throw error;
        }
    }

    /** @param {HTMLFormElement} form @param {string} code */
    function hiddenFunctions(form, code) {
        /** @type {{[name: string]: Function}} */
        const hidden = Object.create(null);
        for (const name of new Set(code.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu))) {
            const found = name in form ? pageFunction(name) : null;
            if (found !== null) hidden[name] = found.bind(window);
        }
        return hidden;
    }

    /**
     * Compile the handler anew if the form hides a function that it may mean.
     * @param {HTMLElement} element @param {string} attribute @param {HTMLFormElement} form
     */
    function mendInlineHandler(element, attribute, form) {
        const code = element.getAttribute(attribute) ?? "";
        const hidden = hiddenFunctions(form, code);
        const current = Reflect.get(element, attribute);
        // A script may have put its own function in the attribute's place.
        const isOfAttribute = typeof current === "function" && (mended.has(current) || String(current).includes(code));
        if (Object.keys(hidden).length === 0 || !isOfAttribute) return;
        // `arguments` instead of named parameters, which would hide globals of the page.
        const scopes = "with (document) with (arguments[0]) with (arguments[1]) with (arguments[2])";
        const compile = new Function(`${scopes} return function ${attribute}(event) {\n${code}\n}`);
        const handler = compile(form, element, hidden);
        mended.add(handler);
        Reflect.set(element, attribute, handler);
    }

    /** Functions may be declared after the elements, so look at the last moment. @param {Event} event */
    function mendInlineHandlers(event) {
        const attribute = `on${event.type}`;
        for (const target of event.composedPath()) {
            if (!(target instanceof HTMLElement) || !target.hasAttribute(attribute)) continue;
            const form = target instanceof HTMLImageElement ? target.closest("form") : Reflect.get(target, "form");
            if (form instanceof HTMLFormElement) mendInlineHandler(target, attribute, form);
        }
    }

    // Keys

    /** Enter in a line of text does not submit; on buttons and in longer texts it works. @param {KeyboardEvent} event */
    function holdEnter(event) {
        const target = event.target;
        if (event.key !== "Enter" || event.isComposing || uproot.vars._uproot_internal?.allow_enter === true) return;
        const isButton = target instanceof HTMLInputElement && /^(submit|button|reset|image|file)$/.test(target.type);
        const isLine = (target instanceof HTMLInputElement && !isButton) || target instanceof HTMLSelectElement;
        if (isLine && target.form !== null) event.preventDefault();
    }

    // Timeout

    const NO_BREAK_SPACE = "\u00a0";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {TimeoutState["level"]} */
    let level = "light";

    /** Count down from now; at zero the page submits. @param {number} seconds @param {number} [fromMs] */
    function setPageTimeout(seconds, fromMs = performance.now()) {
        if (!Number.isFinite(seconds)) throw new TypeError(`A timeout is a number of seconds, not ${seconds}.`);
        Object.assign(uproot, { pageTimeoutStartMs: fromMs, pageTimeoutDurationMs: seconds * 1000 });
        level = "light";
        window.dispatchEvent(new CustomEvent("UprootInternalPageTimeoutSet", { detail: { seconds } }));
        countDown();
    }

    /** By performance.now(), which no setting of a clock moves. Wakes at each full second and at zero. */
    function countDown() {
        stopPageTimeoutTimers();
        syncTimeout();
        const leftMs = pageTimeoutRemainingMs();
        if (leftMs <= 0) uproot.submit();
        else timer = setTimeout(countDown, leftMs % 1000 || 1000);
    }

    function stopPageTimeoutTimers() {
        clearTimeout(timer);
        timer = undefined;
    }

    function pageTimeoutRemainingMs() {
        const { pageTimeoutStartMs, pageTimeoutDurationMs } = uproot;
        if (pageTimeoutStartMs === null) return 0;
        return Math.max(0, pageTimeoutStartMs + pageTimeoutDurationMs - performance.now());
    }

    /** @returns {TimeoutState} */
    function timeoutState() {
        if (uproot.pageTimeoutStartMs === null) return { active: false, level: "light", text: "__:__", compact: "__:__" };
        const seconds = Math.ceil(pageTimeoutRemainingMs() / 1000);
        const isWarning = seconds <= uproot.pageTimeoutWarningSeconds;
        return {
            active: true,
            level: seconds <= uproot.pageTimeoutDangerSeconds ? "danger" : isWarning ? "warning" : "light",
            text: formatDuration(seconds),
            compact: formatDurationCompact(seconds),
        };
    }

    function syncTimeout() {
        const state = timeoutState();
        const boxes = document.querySelectorAll("[data-uproot-timeout-box]");
        for (const box of boxes) {
            box.toggleAttribute("hidden", !state.active);
            for (const each of ["light", "warning", "danger"]) {
                box.classList.toggle(`uproot-timeout-${each}`, each === state.level);
            }
        }
        for (const place of document.querySelectorAll("[data-uproot-timeout]")) {
            if (place.textContent !== state.compact) place.textContent = state.compact;
        }
        if (state.level !== level && state.level !== "light") {
            const announcer = document.getElementById("uproot-timeout-announcer");
            const what = boxes[0]?.getAttribute("aria-label") ?? "";
            if (announcer !== null) announcer.textContent = `${what} ${state.text}`.trim();
        }
        level = state.level;
        const store = Reflect.get(window, "Alpine")?.store("uproot");
        if (store !== undefined) Object.assign(store.timeout, state);
        window.dispatchEvent(new CustomEvent("UprootInternalPageTimeout", { detail: state }));
        return state;
    }

    /** @param {number} seconds as days, hours, minutes and seconds, rounded up */
    function durationParts(seconds) {
        const whole = Math.max(0, Math.ceil(seconds));
        return [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
    }

    /** In words, for reading aloud: "1 minute and 30 seconds". @param {number} seconds */
    function formatDuration(seconds) {
        const units = ["day", "hour", "minute", "second"];
        const words = durationParts(seconds).map((count, index) => {
            const unit = units[index] + (count === 1 ? "" : "s");
            return count === 0 ? "" : uproot._(`#x# ${unit}`).replace("#x#", String(count));
        });
        const said = words.filter((word) => word !== "");
        if (said.length === 0) return uproot._("#x# seconds").replace("#x#", "0");
        const last = said.splice(-1)[0];
        return said.length === 0 ? last : `${said.join(uproot._(", "))}${uproot._(" and ")}${last}`;
    }

    /** As on a clock: "1:30 minutes". @param {number} seconds */
    function formatDurationCompact(seconds) {
        const parts = durationParts(seconds);
        const first = Math.min(3, parts.findIndex((part) => part > 0) >>> 0);
        if (first === 3) return `${parts[3]}${NO_BREAK_SPACE}${uproot._(parts[3] > 1 ? "seconds" : "second")}`;
        const digits = parts.slice(first).map((part, index) => (index === 0 ? part : String(part).padStart(2, "0")));
        return `${digits.join(":")}${NO_BREAK_SPACE}${uproot._(["days", "hours", "minutes"][first])}`;
    }

    /** The server counted when it sent the page, however long the page then took to load. */
    function startPageTimeout() {
        const seconds = uproot.vars._uproot_internal?.remaining_seconds;
        const [navigation] = performance.getEntriesByType("navigation");
        const sentMs = navigation instanceof PerformanceNavigationTiming ? navigation.responseStart : performance.now();
        if (typeof seconds === "number") setPageTimeout(seconds, sentMs);
        else syncTimeout();
    }

    /** @type {FormMembers & TimeoutMembers} */
    const members = {
        dirty: false, testing: false, terms: {}, missing: new Set(),
        submit, submitForm, beginSubmit, goBack, reload, redirect,
        I: (id) => document.getElementById(id), _: translate,
        pageTimeoutWarningSeconds: 60, pageTimeoutDangerSeconds: 15, pageTimeoutStartMs: null, pageTimeoutDurationMs: 0,
        setPageTimeout: (seconds) => setPageTimeout(seconds),
        pageTimeoutRemainingMs, syncTimeout, stopPageTimeoutTimers, formatDuration, formatDurationCompact,
    };
    Object.assign(uproot, members);
    // Properties instead of declarations, so that a page may still declare these names itself.
    Object.assign(window, { I: members.I, _: members._ });

    new MutationObserver(settleNewButtons).observe(document, { childList: true, subtree: true });
    for (const type of INLINE_EVENTS) window.addEventListener(type, mendInlineHandlers, { capture: true });
    window.addEventListener("click", ({ target }) => {
        const button = target instanceof Element ? target.closest("button") : null;
        if (button !== null) settleType(button); // it may have got its onclick since
    }, { capture: true });
    window.addEventListener("submit", guardSubmit);
    window.addEventListener("keydown", holdEnter);
    for (const type of ["input", "change"]) window.addEventListener(type, () => { uproot.dirty = true; });
    window.addEventListener("pageshow", ({ persisted }) => {
        const form = persisted ? pageForm() : null;
        if (form !== null) endSubmit(form);
    });
    document.addEventListener("visibilitychange", () => timer !== undefined && !document.hidden && countDown());
    document.addEventListener("alpine:init", () => Reflect.get(window, "Alpine").store("uproot", { timeout: timeoutState() }));
    uproot.onStart(startPageTimeout);
})();
