// @ts-check
"use strict";

/*
 * Small functions that scripts and templates of pages use: values of the form, statistics, sorting, numbers as text.
 */

/** @typedef {{pre?: string, post?: string, places?: number, use_nbsp?: boolean, sep?: string, decsep?: string}} NumberFormat */
/**
 * @typedef {object} FunctionMembers
 * @property {(name: string) => string | null} selectedValue
 * @property {(name: string) => string | null} getParam
 * @property {(values: number[]) => number} sum
 * @property {(values: number[]) => number} mean
 * @property {(values: number[]) => number} sd
 * @property {(items: any[], key?: ((item: any) => any) | ((one: any, other: any) => number) | null) => any[]} sort
 * @property {(text: unknown) => string} escape
 * @property {() => string} uuid
 * @property {(value: number | string | bigint | boolean, format?: NumberFormat) => string} fmtnum
 * @property {(value: unknown) => string} defaultFormatter
 * @property {(field: string, value: unknown) => string} formatForInterface
 * @property {(text: string) => boolean} isValidToken
 */

(() => {
    const MINUS = "\u2212";
    const NO_BREAK_SPACE = "\u00a0";
    const byNature = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

    /** The value of the chosen radio button or of the select; null if there is none. @param {string} name */
    function selectedValue(name) {
        for (const element of document.getElementsByName(name)) {
            if (element instanceof HTMLInputElement && element.checked) return element.value;
            if (element instanceof HTMLSelectElement) return element.value;
        }
        return null;
    }

    /** @param {string} name */
    function getParam(name) {
        return new URLSearchParams(location.search).get(name);
    }

    /** @param {number[]} values */
    function sum(values) {
        return values.reduce((total, value) => total + value, 0);
    }

    /** @param {number[]} values */
    function mean(values) {
        return sum(values) / values.length;
    }

    /** Of a sample: divided by n - 1. @param {number[]} values */
    function sd(values) {
        const middle = mean(values);
        return Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
    }

    /** @param {unknown} one @param {unknown} other */
    function compare(one, other) {
        if (typeof one === "number" && typeof other === "number") return one - other;
        return byNature.compare(String(one), String(other));
    }

    /**
     * Sort in place; texts naturally ("item 2" before "item 10") and regardless of case.
     * @param {any[]} items @param {Function | null} [key] of one item, or a comparison of two
     */
    function sort(items, key = null) {
        if (key === null) return items.sort(compare);
        if (key.length === 2) return items.sort((one, other) => key(one, other));
        return items.sort((one, other) => compare(key(one), key(other)));
    }

    /** Text as HTML. @param {unknown} text */
    function escape(text) {
        return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    }

    /** A random UUID. crypto.randomUUID() exists on secure pages only. */
    function uuid() {
        const bytes = crypto.getRandomValues(new Uint8Array(16));
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
        return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    }

    /**
     * The digits of |value| rounded half up on its shortest decimal text, as [whole, fraction]; null if it is no number.
     * @param {string} text @param {number} places
     */
    function rounded(text, places) {
        const match = /^[+-]?(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
        if (match === null || !/\d/.test(text.split(/e/i)[0])) return null;
        const [, whole, fraction = "", exponent = "0"] = match;
        const shift = Number(exponent) - fraction.length + places;
        let digits = BigInt(whole + fraction);
        if (shift >= 0) digits *= 10n ** BigInt(shift);
        else digits = (digits + 5n * 10n ** BigInt(-shift - 1)) / 10n ** BigInt(-shift);
        const padded = String(digits).padStart(places + 1, "0");
        return [padded.slice(0, padded.length - places), padded.slice(padded.length - places)];
    }

    /**
     * A number as text, like the template filter of the same name.
     * @param {number | string | bigint | boolean} value @param {NumberFormat} [format]
     */
    function fmtnum(value, { pre = "", post = "", places = 2, use_nbsp = true, sep = ",", decsep = "." } = {}) {
        if (value === null || value === undefined) throw new TypeError("fmtnum needs a number.");
        const text = typeof value === "boolean" ? String(Number(value)) : String(value).trim();
        const parts = rounded(text, places);
        if (parts === null) return finish(`${pre}${text}${post}`, use_nbsp);
        const [whole, fraction] = parts;
        const sign = text.startsWith("-") && /[1-9]/.test(whole + fraction) ? MINUS : "";
        const grouped = whole.replace(/\B(?=(\d{3})+$)/g, () => sep);
        return finish(`${sign}${pre}${grouped}${places > 0 ? decsep + fraction : ""}${post}`, use_nbsp);
    }

    /** @param {string} text @param {boolean} hasNoBreaks */
    function finish(text, hasNoBreaks) {
        return hasNoBreaks ? text.replaceAll(" ", NO_BREAK_SPACE) : text;
    }

    /** @param {unknown} value */
    function defaultFormatter(value) {
        return String(value).replace(/^-/, MINUS);
    }

    /** As the page's function `<field>Formatter` writes it, if there is one. @param {string} field @param {unknown} value */
    function formatForInterface(field, value) {
        const formatter = Reflect.get(window, `${field}Formatter`);
        return typeof formatter === "function" ? formatter(value) : defaultFormatter(value);
    }

    /** @param {string} text */
    function isValidToken(text) {
        return /^[A-Za-z0-9._-]+$/.test(text);
    }

    /** @type {FunctionMembers} */
    const members = {
        selectedValue, getParam, sum, mean, sd, sort, escape, uuid, fmtnum, defaultFormatter, formatForInterface, isValidToken,
    };
    Object.assign(uproot, members);
})();
