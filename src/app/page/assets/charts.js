// charts.js - line charts as SVG: axes at round numbers, values under the pointer, a logarithmic axis where that makes sense.
"use strict";

// Okabe and Ito's colours, which the colour-blind can tell apart; the fifth is darkened to be seen on white.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b08900", "#56b4e9", "#7f7f7f"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];

function element(name, attributes = {}, ...children) {
    const svg = ["svg", "g", "path", "line", "text", "rect", "circle", "title"].includes(name);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes))
        if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
        else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    made.append(...children.filter(child => child !== null && child !== undefined));
    return made;
}

function format(value, digits = 4) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en").replaceAll(",", "\u202f");
    const size = Math.abs(value);
    return size >= 1e6 || size < 1e-4 ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)));
}

// Some round numbers that cover a range.
function ticks(low, high, count) {
    const raw = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find(factor => factor * power >= raw * 0.999);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(at * step);
    return found;
}

function logTicks(low, high) {
    const found = [], first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    const every = Math.max(1, Math.ceil((last - first) / 6));
    for (let power = first; power <= last; power += every) found.push(10 ** power);
    const inside = found.filter(at => at >= low * 0.999 && at <= high * 1.001);
    return inside.length >= 2 ? inside : ticks(low, high, 4).filter(at => at > 0);
}

// A scale from values to pixels.
function scale(low, high, from, to, log) {
    const map = log ? Math.log : value => value;
    const span = map(high) - map(low) || 1;
    return value => from + (map(value) - map(low)) / span * (to - from);
}

function extent(values) {
    let low = Infinity, high = -Infinity;
    for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
    }
    return low <= high ? [low, high] : [0, 1];
}

// { title, unit, x: "epoch", series: [{ name, points: [[x, y], ...], colour, dash }], zero: y begins at 0 }
function lineChart(options) {
    const box = element("div", { class: "chart" }), plot = element("div"), tip = element("div", { class: "tip", hidden: true });
    const all = options.series.flatMap(s => s.points.filter(p => Number.isFinite(p[1])));
    const few = options.series.every(s => s.points.length <= 30); // values are marked
    const canLog = all.length > 1 && all.every(p => p[1] > 0);
    let log = false;
    const title = element("h3", {}, options.title);
    if (canLog && !options.zero)
        title.append(element("label", {}, element("input", { type: "checkbox", onchange: e => { log = e.target.checked; draw(); } }), " log scale"));
    box.append(title, plot, legend(options.series), tip);

    function draw() {
        const width = Math.max(260, box.clientWidth || 420), height = 240, left = 58, right = 12, top = 8, bottom = 34;
        let [low, high] = extent(all.map(p => p[1]));
        if (options.zero) low = Math.min(0, low);
        if (low === high) { low -= Math.abs(low) * 0.1 || 0.1; high += Math.abs(high) * 0.1 || 0.1; }
        if (log) low = Math.max(low, Number.MIN_VALUE);
        const [first, last] = extent(all.map(p => p[0]));
        const x = scale(first, last, left, width - right), y = scale(low, high, height - bottom, top, log);
        const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": options.title });
        for (const at of log ? logTicks(low, high) : ticks(low, high, 5))
            svg.append(element("line", { class: "grid", x1: left, x2: width - right, y1: y(at), y2: y(at) }),
                element("text", { x: left - 6, y: y(at) + 4, "text-anchor": "end" }, format(at, 3)));
        for (const at of ticks(first, last, Math.min(8, width / 70)).filter(at => options.x !== "epoch" || Number.isInteger(at)))
            svg.append(element("text", { x: x(at), y: height - bottom + 16, "text-anchor": "middle" }, format(at, 3)));
        svg.append(element("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
            element("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, options.x));
        for (const s of options.series) svg.append(line(s, x, y));
        const cursor = element("line", { class: "axis", y1: top, y2: height - bottom, visibility: "hidden" });
        svg.append(cursor);
        svg.addEventListener("pointermove", e => point(e, svg, x, cursor, width));
        svg.addEventListener("pointerleave", () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); });
        plot.replaceChildren(svg);
    }

    function line(s, x, y) {
        const group = element("g", { stroke: s.colour, fill: "none", "stroke-width": 1.8, "stroke-linejoin": "round" });
        let path = "", pen = "M";
        for (const [at, value] of s.points) {
            if (!Number.isFinite(value)) { pen = "M"; continue; }
            path += `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
            pen = "L";
        }
        group.append(element("path", { d: path || "M0 0", "stroke-dasharray": s.dash }));
        const shown = s.points.filter(p => Number.isFinite(p[1]));
        if (few) for (const p of shown) group.append(element("circle", { cx: x(p[0]), cy: y(p[1]), r: 2.2, fill: s.colour, stroke: "none" }));
        return group;
    }

    // The values nearest to the pointer's x.
    function point(e, svg, x, cursor, width) {
        const frame = svg.getBoundingClientRect(), at = (e.clientX - frame.left) * width / frame.width;
        const nearest = all.reduce((a, b) => Math.abs(x(b[0]) - at) < Math.abs(x(a[0]) - at) ? b : a, all[0]);
        if (!nearest) return;
        cursor.setAttribute("x1", x(nearest[0]));
        cursor.setAttribute("x2", x(nearest[0]));
        cursor.setAttribute("visibility", "visible");
        tip.replaceChildren(element("b", {}, `${options.x} ${format(nearest[0])}`));
        for (const s of options.series) {
            const found = s.points.find(p => p[0] === nearest[0]);
            if (found) tip.append(element("div", { style: `color:${s.colour}` }, `${s.name}  ${format(found[1], 6)}`));
        }
        tip.hidden = false;
        const place = (e.clientX - frame.left) > frame.width / 2 ? e.clientX - frame.left - tip.offsetWidth - 12 : e.clientX - frame.left + 12;
        tip.style.left = `${Math.max(0, place)}px`;
        tip.style.top = `${svg.offsetTop + 12}px`;
    }

    new ResizeObserver(draw).observe(box);
    draw();
    return box;
}

function legend(series) {
    return element("div", { class: "legend" }, ...series.map(s => element("span", {},
        element("svg", { viewBox: "0 0 22 8" }, element("line", { x1: 0, x2: 22, y1: 4, y2: 4, stroke: s.colour, "stroke-width": 2.5, "stroke-dasharray": s.dash })),
        s.name)));
}
