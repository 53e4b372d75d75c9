// page.js - builds report.html from the data of one or several runs.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs.map((run, i) => ({ ...run, colour: COLOURS[i % COLOURS.length] }));
const several = runs.length > 1;
const ofKind = (run, kind) => run.events.filter(e => e.kind === kind);
const lowIsBest = name => runs.some(run => run.metrics[`val.${name}`]?.lower_is_better);
const best = (run, name) => run.metrics[`val.${name}`]?.best ?? NaN;
const NOT_METRICS = ["kind", "split", "epoch", "step", "count", "correct"];

function section(title, ...content) {
    const shown = content.filter(c => c);
    if (shown.length) document.querySelector("main").append(element("section", {}, element("h2", {}, title), ...shown));
}

function duration(seconds) {
    if (!Number.isFinite(seconds)) return "–";
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds), two = n => String(n).padStart(2, "0");
    return `${whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}` : Math.floor(whole / 60)}:${two(whole % 60)}`;
}

function metricNames(kind) {
    const names = new Set();
    for (const run of runs) for (const e of ofKind(run, kind)) for (const key of Object.keys(e)) if (!NOT_METRICS.includes(key)) names.add(key);
    return [...names];
}

function head() {
    const first = runs[0], start = ofKind(first, "start")[0] ?? {};
    document.title = several ? `${runs.length} runs` : first.name;
    document.querySelector("main").append(element("h1", {}, document.title),
        several ? element("p", {}, runs.map(r => r.path).join(", ")) : element("p", {}, element("span", { class: `state ${first.state}` }, first.state), ` · ${first.path}`));
    if (several) return;
    const headline = first.report?.headline ?? "loss", top = first.metrics[`val.${headline}`], epochs = ofKind(first, "epoch"), last = epochs[epochs.length - 1];
    const tiles = [
        [top ? format(top.best) : undefined, top ? `best val ${headline}, epoch ${top.epoch}` : ""],
        [last ? format(last.loss) : undefined, "last training loss"],
        [epochs.length ? `${first.epoch} of ${first.epochs}` : undefined, "epochs"],
        [epochs.length ? duration(first.seconds) : undefined, "training time"],
        [last ? format(Math.round(last.samples_per_second)) : undefined, "samples/s"],
        [start.params !== undefined ? format(start.params) : undefined, "parameters"]];
    document.querySelector("main").append(element("div", { class: "tiles" },
        ...tiles.filter(t => t[0] !== undefined).map(([value, name]) => element("div", { class: "tile" }, element("b", {}, value), element("span", {}, name)))));
}

function compareRuns() {
    if (!several) return;
    const names = metricNames("eval").filter(n => ["loss", ...runs.map(r => r.report?.headline)].includes(n));
    const columns = [
        { title: "run", value: r => r.name }, { title: "state", value: r => r.state },
        { title: "epochs", value: r => r.epoch },
        ...names.map(n => ({ title: `best val ${n}`, value: r => best(r, n), best: lowIsBest(n) ? "low" : "high" })),
        { title: "time", value: r => r.seconds, text: duration, best: "low" },
        ...data.keys.map((key, k) => ({ title: key, value: r => r.values[k] }))];
    section("Runs", sortTable(columns, runs));
}

// The series of a metric: training full, validation dashed; one colour for each run, or for each split of a single run.
function series(metric) {
    const made = [];
    for (const run of runs)
        for (const [split, kind] of [["train", "epoch"], ["val", "eval"]]) {
            const points = ofKind(run, kind).filter(e => kind === "epoch" || e.split === "val").map(e => [e.epoch, e[metric]]);
            if (!points.some(p => Number.isFinite(p[1]))) continue;
            const colour = several ? run.colour : COLOURS[split === "val" ? 1 : 0];
            made.push({ name: several ? `${run.name} ${split}` : split, points, colour, dash: split === "val" ? DASHES[1] : DASHES[0] });
        }
    return made;
}

function curves() {
    const charts = [];
    for (const metric of ["loss", "accuracy"]) if (series(metric).length) charts.push(lineChart({ title: metric, x: "epoch", series: series(metric) }));
    const others = metricNames("eval").filter(n => !["loss", "accuracy"].includes(n) && series(n).length);
    if (others.length) {
        const holder = element("div"), choice = element("select", { "aria-label": "metric", onchange: () => show(choice.value) }, ...others.map(n => element("option", { value: n }, n)));
        const show = name => holder.replaceChildren(lineChart({ title: `val ${name}`, x: "epoch", series: series(name) }));
        charts.push(element("div", {}, choice, holder));
        choice.value = others.find(n => runs.some(r => r.report?.headline === n)) ?? others.find(n => n === "f1") ?? others[0];
        show(choice.value);
    }
    const rates = runs.map((run, i) => ({ name: run.name, colour: COLOURS[i % COLOURS.length], dash: "", points: steps(run, "lr") })).filter(s => s.points.length);
    if (rates.length) charts.push(lineChart({ title: "learning rate", x: ofKind(runs[0], "step").length ? "step" : "epoch", series: rates }));
    const losses = runs.map((run, i) => ({ name: run.name, colour: COLOURS[i % COLOURS.length], dash: "", points: ofKind(run, "step").map(e => [e.step, e.loss]) })).filter(s => s.points.length);
    if (losses.length) charts.push(lineChart({ title: "loss of single batches", x: "step", series: losses }));
    section("Curves", charts.length ? element("div", { class: "charts" }, ...charts) : null);
}

function steps(run, key) {
    const found = ofKind(run, "step");
    return found.length ? found.map(e => [e.step, e[key]]) : ofKind(run, "epoch").map(e => [e.epoch, e[key]]);
}

function results(run) {
    const report = run.report;
    if (!report) return;
    const where = report.epoch ? `epoch ${report.epoch}, ` : "";
    const parts = [titled("metrics", sortTable([{ title: "metric", value: m => m[0] }, { title: "value", value: m => m[1], text: v => format(v, 6) }],
        Object.entries({ loss: report.loss, ...report.metrics })))];
    for (const key of ["classes", "labels", "targets"]) if (Array.isArray(report[key]) && report[key].length) parts.push(titled(key, perOutput(report[key])));
    if (report.confusion) parts.push(titled("confusion matrix, colours are shares of a row", confusionMatrix(report.confusion, report.class_names)));
    section(several ? `Results of ${run.name}` : "Results", element("p", {}, `${report.data}: ${where}${format(report.count)} samples`), element("div", { class: "beside" }, ...parts));
}

function titled(title, content) {
    return element("div", {}, element("h3", {}, title), content);
}

function perOutput(rows) {
    const keys = Object.keys(rows[0]).filter(key => key !== "index" && key !== "name");
    return sortTable([{ title: "name", value: r => String(r.name ?? r.index) }, ...keys.map(key => ({ title: key.replaceAll("_", " "), value: r => r[key] }))], rows);
}

function times(run) {
    const epochs = ofKind(run, "epoch");
    if (!epochs.length) return;
    const share = (key, i) => ({ name: key.replace("_share", ""), colour: COLOURS[i], dash: DASHES[i], points: epochs.map(e => [e.epoch, e[key] * 100]) });
    const rank = (key, i) => ({ name: key.replace("rank_ms_", ""), colour: COLOURS[i], dash: DASHES[i], points: epochs.map(e => [e.epoch, e[key]]) });
    const resumed = ofKind(run, "resume");
    section(several ? `Time of ${run.name}` : "Time",
        element("div", { class: "charts" },
            lineChart({ title: "share of a step's time, %", x: "epoch", zero: true, series: ["compute_share", "sync_share", "data_share"].map(share) }),
            lineChart({ title: "ms that ranks compute in a step", x: "epoch", zero: true, series: ["rank_ms_min", "rank_ms_median", "rank_ms_max"].map(rank) })),
        resumed.length ? element("p", {}, `Resumed ${resumed.length} times: ${resumed.map(e => `at step ${e.step} on ${e.ranks} ranks`).join(", ")}.`) : null);
}

function about(run) {
    const start = ofKind(run, "start")[0] ?? {}, done = ofKind(run, "done")[0] ?? {}, env = run.env ?? {};
    const flat = (object, prefix) => Object.entries(object ?? {}).map(([key, value]) => [`${prefix}${key}`, String(value)]);
    // as a picture, so that its style stays its own
    const svg = run.model ? element("div", { class: "drawing" }, element("img", { alt: "the network", src: `data:image/svg+xml,${encodeURIComponent(run.model)}` })) : null;
    section(several ? `About ${run.name}` : "About this run",
        facts([["training set", start.train], ["samples", start.train_samples], ["validation set", start.val], ["samples", start.val_samples], ["classes", start.classes],
            ["batch", start.batch], ["virtual ranks", start.virtual_ranks], ["ranks", start.ranks], ["nodes", start.nodes], ["seed", start.seed], ["parameters", start.params],
            ["weights hash", done.weights_hash], ["peak MB per rank", done.peak_bytes ? Math.round(done.peak_bytes / 1e6) : undefined], ["started (UTC)", env.utc], ["host", env.host],
            ["system", env.system ? `${env.system} ${env.kernel} ${env.machine}` : undefined], ["command", env.command?.join(" ")], ["folder", env.folder],
            ...flat(env.versions, ""), ...flat(env.machines, "")]),
        svg ? element("details", {}, element("summary", {}, "Network"), svg) : null,
        run.config ? element("details", {}, element("summary", {}, "Configuration"), element("pre", {}, run.config)) : null);
}

head();
compareRuns();
curves();
for (const run of runs) results(run);
for (const run of runs) times(run);
for (const run of runs) about(run);
