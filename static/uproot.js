// @ts-check
"use strict";

/*
 * The connection of a page to its player, and the live calls that go over it.
 *
 * A call is numbered and kept until it is answered. After a lost connection the unanswered calls are sent again under
 * their old numbers, in order; the server runs each at most once. Everything an author may listen to is an ordinary DOM
 * event on `window`. State shows in the page: <html data-uproot="connecting|connected|lost" data-pending="0">.
 *
 * Parts in order: frames, errors, backoff, unanswered calls, what the page shows, connection with its dispatch table,
 * public object (functions without `this`, so that `.then(uproot.reload)` works).
 */
var uproot = (() => {
    // Frames. The names and fields are those of uproot_aio/web/wire.py; a test compares them.
    /** @typedef {{type: "hello", load: string, position: number, after: [number, number]}} Hello */
    /** @typedef {{type: "invoke", number: number, oldest: number, method: string, args: unknown[], kwargs?: object}} Invoke */
    /** @typedef {{type: "ping"}} Ping */
    /** @typedef {{type: "welcome", number: number, frame_bytes: number, calls: number}} Welcome */
    /** @typedef {{type: "answer", number: number, value: unknown}} Answer */
    /** @typedef {{type: "refusal", number: number, code: string, message: string, path?: string, expected?: string, data?: unknown}} Refusal */
    /** @typedef {{type: "notice", at: [number, number], event: string, where: number | null, data: unknown}} Notice */
    /** @typedef {{type: "gap", number: number}} Gap */
    /** @typedef {{type: "pong", number: number}} Pong */
    /** @typedef {{type: "error", code: string, message: string}} Error */
    /** @typedef {Hello | Invoke | Ping} FromBrowser */
    /** @typedef {Welcome | Answer | Refusal | Notice | Gap | Pong | Error} ToBrowser */

    /** @typedef {{method?: string, path?: string, expected?: string, data?: unknown, sent?: boolean}} InvokeErrorDetails */
    /**
     * A call that waits for its answer. `text` is the frame without its beginning, fixed when the call was made;
     * `inFlight`: sent over the present connection; `sent`: sent over any; `waitedFromMs`: on the clock of the outage.
     * @typedef {{number: number, method: string, text: string, inFlight: boolean, sent: boolean, waitedFromMs: number,
     *     promise?: Promise<any>, resolve: (value: any) => void, reject: (error: InvokeError) => void}} Call
     */

    const FIRST_RETRY_MS = 250;
    const LONGEST_RETRY_MS = 10_000;
    const STABLE_MS = 5_000; // a connection that lasted this long starts the backoff anew
    const ATTEMPT_MS = 8_000;
    const TICK_MS = 1_000;
    const SLEPT_MS = 3_000; // a tick this late means that the tab was throttled or the machine asleep
    const WAKE_PONG_MS = 3_000;
    const QUIET_MS = 2_000; // shorter outages are not worth a word
    const CLOSED_TOO_LARGE = 1009;
    const CLOSED_UNKNOWN_PLAYER = 4404;

    /** Why a call was rejected: see `code`. `sent` says whether it may have run. */
    class InvokeError extends globalThis.Error {
        /** @param {string} code @param {string} message @param {InvokeErrorDetails} [details] */
        constructor(code, message, { method = "", path = "", expected = "", data = null, sent = false } = {}) {
            super(message);
            this.name = "InvokeError";
            this.code = code;
            this.method = method;
            this.path = path;
            this.expected = expected;
            this.data = data;
            this.sent = sent;
        }
    }

    /** How long to wait before the next try: up to 250 ms first, then doubling with jitter up to 10 s. */
    class Backoff {
        #tries = 0;

        nextMs() {
            const most = Math.min(FIRST_RETRY_MS * 2 ** this.#tries, LONGEST_RETRY_MS);
            const share = this.#tries === 0 ? Math.random() : 0.5 + Math.random() / 2;
            this.#tries += 1;
            return most * share;
        }

        reset() { this.#tries = 0; }
    }

    /** The calls without an answer, in the order in which they were made. */
    class UnansweredCalls {
        /** @type {Map<number, Call>} */
        #calls = new Map();
        #lastNumber = 0;
        #inFlight = 0;
        // Unknown until the server says them. Calls made before that wait and are checked when they are sent.
        #frameBytes = Infinity;
        #mostInFlight = 0;

        get size() { return this.#calls.size; }

        /** @param {Welcome} welcome */
        limit(welcome) {
            this.#frameBytes = welcome.frame_bytes;
            this.#mostInFlight = welcome.calls;
        }

        /**
         * Keep a new call. Rejects at once what cannot be written as JSON or is too large.
         * @param {string} method @param {unknown[]} params @param {number} waitedFromMs @returns {Promise<any>}
         */
        add(method, params, waitedFromMs) {
            let text;
            try {
                text = callText(method, params);
            } catch (error) {
                const message = `The arguments of ${method} cannot be written as JSON: ${error}`;
                return Promise.reject(new InvokeError("invalid-arguments", message, { method }));
            }
            const number = (this.#lastNumber += 1);
            return this.#keep({ number, method, text, inFlight: false, sent: false, waitedFromMs });
        }

        /** Hand over what may be sent now. @param {(frame: string) => void} send */
        flush(send) {
            for (const call of this.#calls.values()) {
                if (this.#inFlight >= this.#mostInFlight) return;
                if (call.inFlight || this.#rejectIfTooLarge(call)) continue;
                call.inFlight = call.sent = true;
                this.#inFlight += 1;
                send(this.#frame(call));
            }
        }

        /** @param {Answer} answer */
        answer({ number, value }) { this.#take(number)?.resolve(value); }

        /** @param {Refusal} refusal */
        refuse({ number, code, message, path, expected, data }) {
            const call = this.#take(number);
            call?.reject(new InvokeError(code, message, { method: call.method, path, expected, data, sent: true }));
        }

        /** The connection is gone: send everything again over the next one. */
        unsend() {
            this.#inFlight = 0;
            for (const call of this.#calls.values()) {
                call.inFlight = false;
                call.waitedFromMs = 0;
            }
        }

        /** The server closed the connection over a frame that is too large: that of the largest call in flight. */
        rejectLargestInFlight() {
            const inFlight = [...this.#calls.values()].filter((call) => call.inFlight);
            const [largest] = inFlight.sort((one, other) => byteLength(other.text) - byteLength(one.text));
            if (largest !== undefined) this.#rejectTooLarge(largest);
        }

        /** @param {string} message @param {(call: Call) => boolean} [which] */
        rejectUnreachable(message, which = () => true) {
            for (const call of [...this.#calls.values()].filter(which)) {
                const { method, sent } = call;
                this.#take(call.number)?.reject(new InvokeError("unreachable", message, { method, sent }));
            }
        }

        /** Settles when the calls made until now are answered or rejected. @returns {Promise<unknown>} */
        settled() {
            return Promise.allSettled([...this.#calls.values()].map((call) => call.promise));
        }

        /** @param {Omit<Call, "resolve" | "reject">} what */
        #keep(what) {
            const promise = new Promise((resolve, reject) => {
                this.#calls.set(what.number, { ...what, resolve, reject });
            });
            const call = /** @type {Call} */ (this.#calls.get(what.number));
            call.promise = promise;
            this.#rejectIfTooLarge(call);
            showPending(this.size);
            return promise;
        }

        /** @param {Call} call */
        #frame(call) {
            return `{"type":"invoke","number":${call.number},"oldest":${this.#calls.keys().next().value},${call.text}`;
        }

        /** @param {Call} call */
        #rejectIfTooLarge(call) {
            const frame = this.#frame(call);
            const isTooLarge = frame.length * 3 > this.#frameBytes && byteLength(frame) > this.#frameBytes;
            if (isTooLarge) this.#rejectTooLarge(call);
            return isTooLarge;
        }

        /** @param {Call} call */
        #rejectTooLarge(call) {
            const { method } = call;
            const message = `The arguments of ${method} are too large: a call may have ${this.#frameBytes} bytes.`;
            this.#take(call.number)?.reject(new InvokeError("too-large", message, { method }));
        }

        /** @param {number} number */
        #take(number) {
            const call = this.#calls.get(number);
            if (call?.inFlight) this.#inFlight -= 1;
            if (this.#calls.delete(number)) showPending(this.size);
            return call;
        }
    }

    /** The frame of a call from its method on. @param {string} method @param {unknown[]} params */
    function callText(method, params) {
        const args = [...params];
        const kwargs = isPlainObject(args.at(-1)) ? args.pop() : undefined;
        return JSON.stringify({ method: String(method), args, kwargs }).slice(1);
    }

    /** @param {unknown} value */
    function isPlainObject(value) {
        if (typeof value !== "object" || value === null) return false;
        const prototype = Object.getPrototypeOf(value);
        return prototype === Object.prototype || prototype === null;
    }

    /** @param {string} text */
    function byteLength(text) { return new TextEncoder().encode(text).length; }

    /** @param {string} name @param {unknown} [detail] */
    function dispatch(name, detail = null) {
        window.dispatchEvent(new CustomEvent(name, { detail })); // a listener that throws stops no other
    }

    /** @param {string} name @returns {(handler: (event: any) => void) => void} */
    function listenTo(name) {
        return (handler) => window.addEventListener(name, handler);
    }

    /** @param {number} count */
    function showPending(count) {
        document.documentElement.dataset.pending = String(count);
    }

    /** Shows the state at once in an attribute, and in words only if it lasts. */
    class StatusLine {
        /** @type {ReturnType<typeof setTimeout> | undefined} */
        #timer;

        /** @param {"connecting" | "connected" | "lost"} state */
        show(state) {
            document.documentElement.dataset.uproot = state;
            if (state === "connected") return this.say("");
            clearTimeout(this.#timer);
            const words = state === "lost" ? "The connection was lost. Trying to reconnect." : "Connecting to the server.";
            this.#timer = setTimeout(() => this.say(uproot._(words)), QUIET_MS);
        }

        /** A live region is announced only if it was in the page before its text. */
        element() {
            const present = document.getElementById("uproot-status");
            if (present !== null) return present;
            const element = document.createElement("div");
            element.id = "uproot-status";
            element.setAttribute("role", "status");
            return document.body.appendChild(element);
        }

        /** @param {string} words */
        say(words) {
            clearTimeout(this.#timer);
            const element = this.element();
            if (element.textContent !== words) element.textContent = words;
        }
    }

    /** One page load's connection, over as many sockets as it takes. */
    class Connection {
        #load = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
        #calls = new UnansweredCalls();
        #backoff = new Backoff();
        #status = new StatusLine();
        /** @type {WebSocket | null} */
        #socket = null;
        /** @type {ReturnType<typeof setTimeout> | undefined} */ #retryTimer;
        /** @type {ReturnType<typeof setInterval> | undefined} */ #ticker;
        /** @type {[number, number]} */
        #mark = [0, -1];
        #url = "";
        #position = -1;
        #isWelcome = false;
        #isLeaving = false;
        #stopped = "";
        #attemptAt = 0;
        #welcomeAt = 0;
        #pingAt = 0;
        #pongDueAt = Infinity;
        #isForgiven = false;
        #tickAt = 0;
        #outageMs = 0;

        /** @type {{[T in ToBrowser["type"]]: (frame: Extract<ToBrowser, {type: T}>) => void}} */
        #receivers = {
            welcome: (frame) => this.#welcome(frame),
            answer: (frame) => this.#calls.answer(frame),
            refusal: (frame) => {
                this.#calls.refuse(frame);
                if (frame.code === "stale-page") leaveStalePage();
            },
            notice: (frame) => {
                if (!isAfter(frame.at, this.#mark)) return;
                this.#mark = frame.at;
                if (frame.where === null || frame.where === this.#position) deliver(frame);
            },
            gap: ({ number }) => {
                this.#advance(number);
                console.warn(`uproot: notices up to commit ${number} were missed. Ask for the state in onReconnect.`);
                dispatch("UprootGap", { number });
            },
            pong: ({ number }) => this.#advance(number),
            error: ({ code, message }) => console.error(`uproot: the server refused a frame (${code}): ${message}`),
        };

        get isWelcome() { return this.#isWelcome; }

        get pending() { return this.#calls.size; }

        /** @param {string} url @param {number} position @param {number} commit */
        start(url, position, commit) {
            if (this.#url !== "") return;
            this.#url = url;
            this.#position = position;
            this.#mark = [commit, -1];
            this.#status.element();
            this.#status.show("connecting");
            this.#tickAt = performance.now();
            this.#ticker = setInterval(() => this.#tick(), TICK_MS);
            document.addEventListener("visibilitychange", () => document.hidden || this.wake());
            window.addEventListener("online", () => this.wake());
            window.addEventListener("pagehide", () => this.#leave());
            window.addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
            this.#open();
        }

        /** End the connection for good. @param {string} words */
        stop(words) {
            this.#stopped = words;
            clearInterval(this.#ticker);
            clearTimeout(this.#retryTimer);
            this.#abandonSocket();
            this.#calls.rejectUnreachable(words);
            this.#status.show("lost");
            this.#status.say(words);
        }

        /** @param {string} method @param {unknown[]} params @returns {Promise<any>} */
        invoke(method, params) {
            if (this.#stopped !== "") return Promise.reject(new InvokeError("unreachable", this.#stopped, { method }));
            const promise = this.#calls.add(method, params, this.#waitedMs());
            this.#flush();
            return promise;
        }

        /** @param {number} mostMs */
        settled(mostMs) {
            return Promise.race([this.#calls.settled(), new Promise((resolve) => setTimeout(resolve, mostMs))]);
        }

        /** The page became visible or the network returned: find out at once whether the connection is there. */
        wake() {
            if (this.#url === "" || this.#stopped !== "" || this.#isLeaving) return;
            if (this.#isWelcome) this.#ping(WAKE_PONG_MS);
            else if (this.#socket === null || performance.now() - this.#attemptAt > TICK_MS) this.#open();
        }

        #open() {
            clearTimeout(this.#retryTimer);
            this.#abandonSocket();
            this.#attemptAt = performance.now();
            const socket = new WebSocket(this.#url);
            this.#socket = socket;
            socket.onopen = () => {
                if (socket !== this.#socket) return;
                this.#send({ type: "hello", load: this.#load, position: this.#position, after: this.#mark });
            };
            socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(data);
            socket.onclose = ({ code }) => socket === this.#socket && this.#lose(code);
        }

        /** A dead peer never confirms a close, so do not wait for it. */
        #abandonSocket() {
            const socket = this.#socket;
            this.#socket = null;
            socket?.close();
        }

        /** @param {Exclude<FromBrowser, Invoke>} frame */
        #send(frame) { this.#socket?.send(JSON.stringify(frame)); }

        #flush() {
            if (this.#isWelcome) this.#calls.flush((frame) => this.#socket?.send(frame));
        }

        /** @param {string} text */
        #hear(text) {
            this.#pongDueAt = Infinity;
            this.#isForgiven = false;
            uproot.serverThere = Date.now();
            if (uproot.verbose) console.log("uproot: received", text);
            /** @type {ToBrowser} */
            const frame = JSON.parse(text);
            const receive = /** @type {((frame: ToBrowser) => void) | undefined} */ (this.#receivers[frame.type]);
            receive?.(frame); // a newer server may say more
            this.#flush();
        }

        /** @param {Welcome} frame */
        #welcome(frame) {
            if (frame.number < this.#mark[0]) return leaveStalePage(); // the server was restored from a backup
            const isFirst = !uproot.isInitialized;
            this.#isWelcome = true;
            this.#welcomeAt = this.#pingAt = performance.now();
            this.#calls.limit(frame);
            this.#status.show("connected");
            this.#flush(); // old calls before those that the listeners make
            uproot.isInitialized = true;
            dispatch(isFirst ? "UprootReady" : "UprootReconnect");
        }

        /** @param {number} code */
        #lose(code) {
            const now = performance.now();
            const wasWelcome = this.#isWelcome;
            this.#isWelcome = false;
            clearTimeout(this.#retryTimer);
            this.#abandonSocket();
            this.#pongDueAt = Infinity;
            if (wasWelcome) [this.#outageMs, this.#tickAt] = [0, now];
            if (code === CLOSED_TOO_LARGE) this.#calls.rejectLargestInFlight();
            if (wasWelcome) this.#calls.unsend();
            if (this.#isLeaving) return;
            if (code === CLOSED_UNKNOWN_PLAYER) {
                this.stop(uproot._("This page does not belong to a running session. Please ask for a new link."));
            } else {
                if (wasWelcome && now - this.#welcomeAt > STABLE_MS) this.#backoff.reset();
                const pauseMs = this.#backoff.nextMs() - (wasWelcome ? 0 : now - this.#attemptAt);
                this.#retryTimer = setTimeout(() => this.#open(), Math.max(0, pauseMs));
            }
            if (!wasWelcome) return; // one event for an outage, however many tries it takes
            if (this.#stopped === "") this.#status.show("lost");
            dispatch("UprootDisconnect");
        }

        /** All notices up to this commit came or are lost. @param {number} number */
        #advance(number) {
            if (number >= this.#mark[0]) this.#mark = [number, -1];
        }

        /** How long this outage lasts. */
        #waitedMs() {
            if (this.#isWelcome || this.#url === "") return 0;
            return this.#outageMs + Math.min(performance.now() - this.#tickAt, 2 * TICK_MS);
        }

        /** @param {number} waitMs */
        #ping(waitMs) {
            this.#pingAt = performance.now();
            this.#pongDueAt = Math.min(this.#pongDueAt, this.#pingAt + waitMs);
            this.#send({ type: "ping" });
        }

        /**
         * Once a second: the heartbeat, and the clock of an outage. Timers of hidden tabs may come a minute late. So the
         * outage counts only time in which the page could try, and a late answer is forgiven once.
         */
        #tick() {
            const now = performance.now();
            const passedMs = now - this.#tickAt;
            this.#outageMs = this.#waitedMs();
            this.#tickAt = now;
            if (!this.#isWelcome) {
                this.#giveUpCalls();
                if (this.#socket !== null && now - this.#attemptAt > ATTEMPT_MS) this.#lose(1006);
            } else if (now > this.#pongDueAt) {
                if (passedMs < SLEPT_MS || this.#isForgiven) return this.#lose(1006);
                this.#isForgiven = true;
                this.#pongDueAt = Infinity;
                this.#ping(WAKE_PONG_MS);
            } else if (this.#pongDueAt === Infinity && now - this.#pingAt > uproot.keepAliveSeconds * 1000 - TICK_MS / 2) {
                // A dead peer is noticed within 30 s: at most 27 s until the ping, the rest for its answer.
                this.#ping(Math.min(10, Math.max(2, 28 - uproot.keepAliveSeconds)) * 1000);
            }
        }

        #giveUpCalls() {
            const seconds = uproot.unreachableAfter || Infinity;
            const message = `There was no connection to the server for ${seconds} seconds.`;
            this.#calls.rejectUnreachable(message, (call) => this.#outageMs - call.waitedFromMs >= seconds * 1000);
        }

        #leave() {
            this.#isLeaving = true;
            this.#lose(1001);
        }

        #comeBack() {
            this.#isLeaving = false;
            if (this.#stopped !== "") return;
            this.#status.show("lost");
            this.#open();
        }
    }

    /** An index of -1 in the mark stands for the whole commit. @param {[number, number]} at @param {[number, number]} mark */
    function isAfter(at, mark) {
        return at[0] > mark[0] || (at[0] === mark[0] && mark[1] >= 0 && at[1] > mark[1]);
    }

    /** @param {Notice} notice */
    function deliver({ event, where, data }) {
        const detail = { source: "send_to", constraint: where, data, event };
        if (event === "") dispatch("UprootQueue", detail);
        else if (event.startsWith("_uproot_")) dispatch(`UprootInternal${event.slice("_uproot_".length)}`, detail);
        else dispatch(`UprootCustom${event}`, detail);
    }

    /** Go to the page the player is on, unless a submit is doing so already. */
    function leaveStalePage() {
        if (document.querySelector("form[data-uproot-submitting]") === null) uproot.reload();
    }

    function internal() { return uproot.vars._uproot_internal ?? {}; }

    const connection = new Connection();
    let isStarted = false;

    const members = {
        /** @type {{[name: string]: any}} */ vars: {}, // the page's jsvars and `_uproot_internal`
        /** @type {((data: any) => void) | null} */ receive: null, // gets the notices sent without an event name
        /** @type {HTMLFormElement | null} */ form: null,
        /** @type {string | null} */ sname: null,
        /** @type {string | null} */ uname: null,
        /** @type {string | null} */ key: null,
        root: "",
        /** @type {{readonly isConnected: boolean, getQueueLength: () => number} | null} */ ws: null,
        unreachableAfter: 60, // seconds without a connection after which a call is rejected; 0: never
        keepAliveSeconds: 0, // between two heartbeats, 1 to 27; else that of the page, or 9
        autoStart: true, // whether the connection begins by itself when the page has been read
        isInitialized: false,
        serverThere: 0,
        verbose: false,
        InvokeError,

        /**
         * Call the page's live method. A plain object at the end becomes its keyword arguments.
         * @param {string} method @param {...unknown} params @returns {Promise<any>} rejects with an InvokeError
         */
        invoke: (method, ...params) => connection.invoke(method, params),

        /** @param {(event?: Event) => void} handler */
        onStart: (handler) => (isStarted ? handler() : document.addEventListener("DOMContentLoaded", handler)),
        /** @param {(event?: Event) => void} handler */
        onReady: (handler) => (uproot.isInitialized ? handler() : listenTo("UprootReady")(handler)),
        onReconnect: listenTo("UprootReconnect"),
        onDisconnect: listenTo("UprootDisconnect"),
        onQueue: listenTo("UprootQueue"),
        /** @param {string} name @param {(event: any) => void} handler */
        onCustomEvent: (name, handler) => listenTo(`UprootCustom${name}`)(handler),
        /** @param {string} name @param {(event: any) => void} handler */
        onInternalEvent: (name, handler) => listenTo(`UprootInternal${name}`)(handler),

        /** Take over what the server wrote into the page. Changes nothing when done again. */
        init() {
            const { sname = null, uname = null, key = null, root, keepalive_interval } = internal();
            const form = document.getElementById("uproot-form") ?? document.forms[0] ?? null;
            const keepAliveSeconds = uproot.keepAliveSeconds || keepalive_interval || 9;
            Object.assign(uproot, { sname, uname, key, root: root ?? "", form, keepAliveSeconds });
        },
        wsurl() {
            const scheme = location.protocol === "https:" ? "wss" : "ws";
            const path = [uproot.sname ?? "", uproot.uname ?? ""].map(encodeURIComponent).join("/");
            return `${scheme}://${location.host}${uproot.root}/ws/${path}/`;
        },
        wsstart() {
            const { thisis, commit } = internal();
            if (!(uproot.keepAliveSeconds > 0)) throw new globalThis.Error("uproot.keepAliveSeconds must be above 0.");
            uproot.ws = { get isConnected() { return connection.isWelcome; }, getQueueLength: () => connection.pending };
            connection.start(uproot.wsurl(), thisis ?? -1, commit ?? 0);
        },
        /** Settles when the calls made until now are answered, at the latest after `mostMs`. @param {number} mostMs */
        settled: (mostMs) => connection.settled(mostMs),
        /** How many calls have no answer yet. */
        pending: () => connection.pending,
    };

    /** What the page and its author see; page.js adds the rest. */
    const uproot = /** @type {typeof members & PageMembers} */ (/** @type {unknown} */ (members));

    uproot.onInternalEvent("Received", ({ detail }) => {
        if (typeof uproot.receive === "function") uproot.receive(detail.data);
        else throw new TypeError("A notice without an event name arrived, but uproot.receive is no function.");
    });
    uproot.onInternalEvent("Reload", () => uproot.reload());

    document.addEventListener("DOMContentLoaded", () => {
        isStarted = true;
        uproot.init();
        if (uproot.autoStart && uproot.sname !== null) uproot.wsstart();
    });
    showPending(0);
    return uproot;
})();
