// tables.js - tables that sort, facts, and the confusion matrix.
"use strict";

// columns: [{ title, value: row => ..., text: value => ..., best: "low" | "high" }]; a click on a title sorts by it.
function sortTable(columns, rows) {
    const body = element("tbody"), order = { column: -1, up: false };
    const best = columns.map(c => {
        const values = rows.map(c.value).filter(Number.isFinite);
        return values.length > 1 && c.best ? (c.best === "low" ? Math.min(...values) : Math.max(...values)) : NaN;
    });
    function fill() {
        const c = columns[order.column], sorted = [...rows];
        if (c) sorted.sort((a, b) => compare(c.value(a), c.value(b)) * (order.up ? 1 : -1));
        body.replaceChildren(...sorted.map(row => element("tr", {}, ...columns.map((column, i) => {
            const value = column.value(row);
            return element("td", { class: value === best[i] ? "best" : undefined }, column.text ? column.text(value) : typeof value === "number" ? format(value) : value ?? "–");
        }))));
    }
    function sortBy(i) {
        order.up = order.column === i ? !order.up : typeof columns[i].value(rows[0] ?? {}) === "string";
        order.column = i;
        fill();
    }
    fill();
    const head = element("tr", {}, ...columns.map((c, i) => element("th", {}, element("button", { type: "button", title: "sort", onclick: () => sortBy(i) }, c.title))));
    return element("div", { class: "wide" }, element("table", {}, element("thead", {}, head), body));
}

function compare(a, b) {
    if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en", { numeric: true });
    return (Number.isFinite(a) ? a : -Infinity) - (Number.isFinite(b) ? b : -Infinity);
}

function facts(pairs) {
    return element("table", { class: "facts" }, element("tbody", {}, ...pairs.filter(p => p[1] !== undefined && p[1] !== null && p[1] !== "")
        .map(([name, value]) => element("tr", {}, element("td", {}, name), element("td", {}, typeof value === "number" ? format(value) : value)))));
}

const NUMBERS_SHOWN = 30; // classes up to which the matrix shows numbers

// Rows are true classes. The colour is the share of its row, so rare classes are seen as well.
function confusionMatrix(matrix, names) {
    const numbers = matrix.length <= NUMBERS_SHOWN, name = i => names ? names[i] : String(i);
    const cell = (row, i, k) => {
        const total = matrix[i].reduce((a, b) => a + b, 0), share = total ? row[k] / total : 0;
        const style = `background:rgba(var(--heat),${(share ** 0.5 * 0.85).toFixed(3)});${share > 0.35 ? "color:#fff;" : ""}${numbers ? "" : "padding:0;width:7px;height:7px;"}`;
        return element("td", { style, title: `true ${name(i)}, predicted ${name(k)}: ${format(row[k])} (${(share * 100).toFixed(1)} %)` }, numbers ? (row[k] ? String(row[k]) : "") : "");
    };
    const head = numbers ? element("tr", {}, element("th", {}, "true \\ predicted"), ...matrix.map((_, k) => element("th", {}, name(k)))) : null;
    const rows = matrix.map((row, i) => element("tr", {}, numbers ? element("th", {}, name(i)) : null, ...row.map((_, k) => cell(row, i, k))));
    return element("div", { class: "wide" }, element("table", { class: "matrix" }, element("tbody", {}, head, ...rows)));
}
