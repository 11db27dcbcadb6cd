// @ts-check
// Looks again, every few seconds, whether the page that could not be shown is there, and opens it once it is.
// A timed reload would do as well but takes the reader's place on the page each time.

(() => {
    const place = document.querySelector("[data-uproot-retry]");
    const seconds = Number(place?.getAttribute("data-uproot-retry")) || 5;

    /** A shared moment of return must not bring everybody at once. */
    const pause = () => seconds * 1000 * (0.75 + Math.random() / 2);

    async function look() {
        try {
            const response = await fetch(location.href, { cache: "no-store" });
            const text = await response.text();
            if (response.ok && !text.includes("data-uproot-retry")) {
                location.replace(location.href.split("#")[0]);
                return;
            }
        } catch {
            // No network: look again.
        }
        setTimeout(look, pause());
    }

    setTimeout(look, pause());
})();
