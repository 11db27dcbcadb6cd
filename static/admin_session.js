// @ts-check
"use strict";

/*
 * The page of one session, live. The page carries the number of the last commit that it shows; the feed tells what has
 * changed after it, burst by burst. If a number is missing in between, the page is loaded again.
 */
(() => {
    // Frames, as in uproot_aio/web/admin_wire.py.
    /** @typedef {{player: string, stage: string, app: string, page: string, step: number, steps: number, changed: number, cells: {[field: string]: string | null}}} PlayerFrame */
    /** @typedef {{type: "update", after: number, number: number, rows: PlayerFrame[], presence: {[player: string]: boolean}}} UpdateFrame */
    /** @typedef {{type: "tick"}} TickFrame */
    /** @typedef {{type: "reload"}} ReloadFrame */

    const SILENCE_MS = 25_000;
    const LONGEST_RETRY_MS = 10_000;
    const STAGES = { waiting: "Not started", finished: "Finished" };

    const element = document.getElementById("player-table");
    if (!(element instanceof HTMLTableElement)) return;
    const table = element;
    const remembered = `uproot_aio columns ${document.title.replace(/^.*\(/, "(")}`;

    /** @type {Map<string, HTMLTableRowElement>} */
    const rows = new Map();
    for (const row of table.tBodies[0]?.rows ?? []) rows.set(row.dataset.player ?? "", row);

    // Cells.

    /** @type {HTMLElement[]} */
    const fresh = [];

    /** @param {Element | null | undefined} cell @param {string} text */
    function setText(cell, text) {
        if (!(cell instanceof HTMLElement) || cell.textContent === text) return;
        cell.textContent = text;
        fresh.push(cell);
    }

    /** What has changed lights up, once for a whole burst: one layout, however many cells there are. */
    function highlight() {
        for (const cell of fresh) cell.classList.remove("admin-fresh");
        void table.offsetWidth; // so that the animations begin anew
        for (const cell of fresh.splice(0)) cell.classList.add("admin-fresh");
    }

    /** @param {HTMLTableRowElement} row @param {string} field */
    function cellOf(row, field) {
        for (const cell of row.cells) if (cell.dataset.field === field) return cell;
        addColumn(field);
        return row.cells[row.cells.length - 1];
    }

    /** A field that nobody had when the page was made. @param {string} field */
    function addColumn(field) {
        const isShown = hiddenFields()[field] !== true;
        const head = document.createElement("th");
        head.scope = "col";
        head.setAttribute("role", "columnheader");
        head.textContent = field;
        table.tHead?.rows[0]?.append(head);
        for (const row of rows.values()) {
            const cell = row.insertCell();
            cell.setAttribute("role", "cell");
            cell.dataset.label = field;
            cell.setAttribute("data-unset", "");
        }
        for (const row of table.rows) {
            const cell = row.cells[row.cells.length - 1];
            if (cell === undefined) continue;
            cell.dataset.field = field;
            cell.hidden = !isShown;
        }
        addToggle(field, isShown);
    }

    /** @param {HTMLTableRowElement} row @param {PlayerFrame} frame */
    function showPlayer(row, frame) {
        row.dataset.stage = frame.stage;
        const place = STAGES[/** @type {"waiting" | "finished"} */ (frame.stage)] ?? `${frame.app} / ${frame.page}`;
        setText(row.querySelector(".admin-where"), place);
        const isOnPage = frame.stage === "playing" && frame.steps > 0;
        setText(row.querySelector(".admin-step"), isOnPage ? `page ${frame.step} of ${frame.steps}` : "");
        if (frame.changed > 0) showChanged(row, frame.changed);
        for (const [field, text] of Object.entries(frame.cells)) {
            if (field === "id") continue; // has a column of its own, and never changes
            const cell = cellOf(row, field);
            cell?.toggleAttribute("data-unset", text === null);
            setText(cell, text ?? "");
        }
    }

    /** admin.js keeps the text up to date. @param {HTMLTableRowElement} row @param {number} seconds */
    function showChanged(row, seconds) {
        let time = row.querySelector("time");
        if (time === null) {
            time = document.createElement("time");
            time.setAttribute("data-ago", "");
            row.querySelector("[data-changed]")?.replaceChildren(time);
        }
        time.dateTime = new Date(seconds * 1000).toISOString();
    }

    /** @param {HTMLTableRowElement} row @param {boolean} isOnline */
    function showPresence(row, isOnline) {
        const mark = row.querySelector("[data-online]");
        if (!(mark instanceof HTMLElement)) return;
        mark.dataset.online = isOnline ? "yes" : "no";
        mark.textContent = isOnline ? "online" : "offline";
    }

    // What stands above the table.

    function showCounts() {
        const all = [...rows.values()];
        const count = (/** @type {string} */ selector) => all.filter((row) => row.matches(selector)).length;
        const counts = {
            players: all.length,
            online: all.filter((row) => row.querySelector('[data-online="yes"]') !== null).length,
            playing: count('[data-stage="playing"]'),
            finished: count('[data-stage="finished"]'),
        };
        for (const [name, number] of Object.entries(counts)) {
            const place = document.getElementById(`count-${name}`);
            if (place !== null) place.textContent = String(number);
        }
        showPlaces(all);
    }

    /** How many are on each page. @param {HTMLTableRowElement[]} all */
    function showPlaces(all) {
        /** @type {Map<string, number>} */
        const places = new Map();
        for (const row of all) {
            const name = row.querySelector(".admin-where")?.textContent ?? "";
            places.set(name, (places.get(name) ?? 0) + 1);
        }
        const list = document.getElementById("places");
        if (list === null) return;
        list.hidden = places.size === 0;
        list.replaceChildren(...[...places].map(([name, number]) => {
            const item = document.createElement("li");
            const strong = document.createElement("strong");
            strong.textContent = String(number);
            item.append(`${name} `, strong);
            return item;
        }));
    }

    // Columns and search.

    /** @returns {{[field: string]: boolean}} fields that were hidden (true) or shown (false) by hand */
    function hiddenFields() {
        try {
            const kept = JSON.parse(localStorage.getItem(remembered) ?? "{}");
            return typeof kept === "object" && kept !== null ? kept : {};
        } catch {
            return {};
        }
    }

    /** @param {string} field @param {boolean} isShown */
    function showColumn(field, isShown) {
        for (const row of table.rows) {
            for (const cell of row.cells) if (cell.dataset.field === field) cell.hidden = !isShown;
        }
    }

    /** @param {HTMLInputElement} box */
    function toggle(box) {
        const field = box.dataset.toggles ?? "";
        showColumn(field, box.checked);
        try {
            localStorage.setItem(remembered, JSON.stringify({ ...hiddenFields(), [field]: !box.checked }));
        } catch {
            // Not remembered, but done.
        }
    }

    /** @param {string} field @param {boolean} isShown */
    function addToggle(field, isShown) {
        const label = document.createElement("label");
        const box = document.createElement("input");
        box.type = "checkbox";
        box.checked = isShown;
        box.dataset.toggles = field;
        label.append(box, ` ${field}`);
        document.querySelector("#columns fieldset")?.append(label);
    }

    function prepareColumns() {
        const menu = document.getElementById("columns");
        if (menu === null) return;
        menu.hidden = false;
        const hidden = hiddenFields();
        for (const box of menu.querySelectorAll("input")) {
            const isHidden = hidden[box.dataset.toggles ?? ""];
            if (isHidden === undefined) continue;
            box.checked = !isHidden;
            showColumn(box.dataset.toggles ?? "", !isHidden);
        }
        menu.addEventListener("change", (event) => {
            if (event.target instanceof HTMLInputElement) toggle(event.target);
        });
    }

    function prepareSearch() {
        const field = document.getElementById("search");
        if (!(field instanceof HTMLInputElement)) return;
        field.closest("label")?.removeAttribute("hidden");
        field.addEventListener("input", () => {
            const sought = field.value.trim().toLowerCase();
            let found = 0;
            for (const row of rows.values()) {
                const texts = [...row.cells].filter((cell) => !cell.hidden).map((cell) => cell.textContent ?? "");
                row.hidden = !texts.join(" ").toLowerCase().includes(sought);
                if (!row.hidden) found += 1;
            }
            const nobody = document.getElementById("nobody");
            if (nobody !== null) nobody.hidden = found > 0;
        });
    }

    // The feed.

    let number = Number(table.dataset.number);
    let tries = 0;
    let heardMs = 0;
    /** @type {WebSocket | null} */
    let socket = null;

    /** @param {"on" | "lost"} state */
    function showLive(state) {
        const live = document.getElementById("live");
        if (live === null || live.dataset.live === state) return;
        live.dataset.live = state;
        live.textContent = state === "on" ? "Live" : "Connection lost; trying again";
    }

    /** @param {UpdateFrame} update */
    function take(update) {
        const isStrange = Object.keys(update.presence).some((player) => !rows.has(player));
        if (update.after !== number || isStrange) return location.reload();
        number = update.number;
        for (const frame of update.rows) {
            const row = rows.get(frame.player);
            if (row === undefined) return location.reload();
            showPlayer(row, frame);
        }
        for (const [player, isOnline] of Object.entries(update.presence)) {
            const row = rows.get(player);
            if (row !== undefined) showPresence(row, isOnline);
        }
        if (fresh.length > 0) highlight();
        showCounts();
    }

    /** @param {MessageEvent} event */
    function receive(event) {
        heardMs = performance.now();
        tries = 0;
        showLive("on");
        /** @type {UpdateFrame | TickFrame | ReloadFrame} */
        const frame = JSON.parse(event.data);
        if (frame.type === "update") take(frame);
        else if (frame.type === "reload") location.reload();
    }

    async function retry() {
        showLive("lost");
        tries += 1;
        try {
            // A socket does not say why it was refused; the page does.
            const response = await fetch(location.href, { method: "HEAD", cache: "no-store" });
            if (response.redirected || response.status === 404) return location.reload();
        } catch {
            // No server at the moment.
        }
        setTimeout(connect, Math.min(LONGEST_RETRY_MS, 250 * 2 ** Math.min(tries, 8)) * (0.5 + Math.random() / 2));
    }

    function connect() {
        const address = new URL(table.dataset.feed ?? "", location.href);
        address.protocol = address.protocol.replace("http", "ws");
        address.searchParams.set("after", String(number));
        heardMs = performance.now();
        socket = new WebSocket(address);
        socket.addEventListener("message", receive);
        socket.addEventListener("close", () => void retry(), { once: true });
    }

    setInterval(() => {
        if (socket?.readyState === WebSocket.OPEN && performance.now() - heardMs > SILENCE_MS) socket.close();
    }, 5_000);
    prepareColumns();
    prepareSearch();
    showCounts();
    connect();
})();
